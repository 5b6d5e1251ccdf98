/** `history`: what a step costs at the beginning of a saga, and after 10,000 entries of the same entity. */
import type { Arena, Contestant } from '../arena'
import { type Line, lineOf } from '../line'
import { inTurns } from './sagas'

const STEPS = 10_000
export const runs = 5
export const contestants: readonly Contestant[] = ['history']

export async function run(arena: Arena, options: { runs: number }): Promise<Line[]> {
  const all = await inTurns(arena, { ...options, only: contestants }, { steps: STEPS }, contestants)
  const values = (metric: string) =>
    (all.get('history') ?? []).map((one) => one[metric] ?? Number.NaN)
  const cases = [
    { name: 'linear', title: '10,000 steps in a row' },
    { name: 'map', title: '10,000 items of a map' },
  ]
  return cases.flatMap(({ name, title }) => {
    const compare = (metric: string, peer: string, figure: string) =>
      lineOf(
        { suite: 'history', case: title, metric, unit: 'ms' },
        values(`${name}Late${figure}`),
        {
          name: peer,
          values: values(`${name}Early${figure}`),
        },
      )
    return [
      compare('step 10,000 (median of 200)', 'step 10', 'Ms'),
      compare('last 1,000 steps (mean)', 'first 1,000', 'MeanMs'),
      compare('their processor time (mean)', 'first 1,000', 'CpuMs'),
    ]
  })
}
