/** `rollback`: what a compensation costs after many others, and a whole way back beside the way forward that it undoes. */
import type { Arena, Contestant } from '../arena'
import { type Line, lineOf } from '../line'
import { inTurns } from './sagas'

const CASES = [
  { steps: 300, title: '300 steps' },
  { steps: 3_000, title: '3,000 steps' },
  { steps: 10_000, title: '10,000 steps' },
] as const
const SHAPES = [
  { name: 'chain', title: 'in a row' },
  { name: 'reverse', title: 'in a row, order `reverse`' },
  { name: 'branches', title: 'in 50 branches' },
] as const

export const runs = 3
export const contestants: readonly Contestant[] = ['rollback']

export async function run(arena: Arena, options: { runs: number }): Promise<Line[]> {
  const lines: Line[] = []
  for (const { steps, title } of CASES) {
    const all = await inTurns(arena, { ...options, only: contestants }, { steps }, contestants)
    const values = (metric: string) =>
      (all.get('rollback') ?? []).map((one) => one[metric] ?? Number.NaN)
    for (const shape of SHAPES) {
      const about = { suite: 'rollback', case: `${title} ${shape.title}`, unit: 'ms' }
      const ours = (figure: string) => values(`${shape.name}${figure}`)
      for (const [what, figure] of [
        ['', 'Ms'],
        [', processor time', 'CpuMs'],
      ])
        lines.push(
          lineOf({ ...about, metric: `one of the last hundred${what}` }, ours(`Late${figure}`), {
            name: 'of the first hundred',
            values: ours(`Early${figure}`),
          }),
          lineOf({ ...about, metric: `rollback${what}` }, ours(`Back${figure}`), {
            name: 'the way forward',
            values: ours(`Forward${figure}`),
          }),
        )
    }
  }
  return lines
}
