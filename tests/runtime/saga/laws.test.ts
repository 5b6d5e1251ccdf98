/**
 * Laws that hold for every saga, checked on generated ones (tests/support/scenarios.ts).
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decide } from '@/runtime/saga/decide'
import type { SagaState } from '@/runtime/saga/state'
import { canonicalJson } from '@/runtime/security/digest'
import { reachOf } from '../../support/reach'
import { play, type Scenario, scenario } from '../../support/scenarios'

const runs = { numRuns: 400 }

describe('every saga', () => {
  it('ends completed, rolled back, or in a state that names what is open', () => {
    fc.assert(
      fc.property(scenario, (one) => {
        const { run, world } = play(one)
        const state = run.state()
        const standing = [...world.happened].filter((key) => !world.undone.has(key))
        expect(['COMPLETED', 'ROLLED_BACK', 'FAILED', 'QUARANTINED', 'PAUSED']).toContain(
          state.status,
        )
        if (state.status === 'ROLLED_BACK') expect(standing).toEqual([])
        if (state.status === 'FAILED' || state.status === 'QUARANTINED')
          expect(state.left?.length).toBeGreaterThan(0)
        if (state.status === 'PAUSED') {
          const stuck = run
            .ids()
            .some((id) => Object.values(run.state(id).steps).some((step) => step.stuck))
          expect(stuck).toBe(true)
        }
        if (['COMPLETED', 'ROLLED_BACK', 'FAILED'].includes(state.status)) {
          expect(state.timers).toEqual({})
          expect(state.gates).toEqual({})
          expect(state.calls).toEqual({})
        }
      }),
      runs,
    )
  })

  it('replays to the same snapshot from the start and from any snapshot between', () => {
    fc.assert(
      fc.property(scenario, (one) => {
        const { run } = play(one)
        for (const id of run.ids()) {
          let state: SagaState | null = null
          for (const { seq, at, message, facts } of run.entries(id)) {
            // Through JSON each time: every entry might be the one after a snapshot.
            const before = state === null ? null : (JSON.parse(JSON.stringify(state)) as SagaState)
            const decided = decide(run.compiled(id), before, message, { entityId: id, at, seq })
            if (!decided.accepted || !decided.changed)
              throw new Error(`entry ${seq} is not accepted again`)
            expect(canonicalJson(decided.facts)).toBe(canonicalJson(facts))
            state = decided.state
          }
          expect(canonicalJson(state)).toBe(canonicalJson(run.state(id)))
        }
      }),
      { numRuns: 150 },
    )
  })

  it('lets the effects of one try of a child stand, and of no other', () => {
    fc.assert(
      fc.property(scenario, (one) => void standsOnce(one)),
      runs,
    )
  })

  it('lets the effects of the last try stand when the first child fails and is tried again', () => {
    fc.assert(
      fc.property(scenario, fc.constantFrom('map' as const, 'saga' as const), (one, tail) => {
        // A step and the pivot go well, and the first call of the first child is refused.
        const failures = [0, 0, 99, ...one.failures.slice(3)]
        const shapes = [{ t: 'act' as const }]
        const retried = standsOnce({
          ...one,
          shapes,
          tail,
          failures,
          pivot: true,
          disturb: 'none',
        })
        expect(retried).toBeGreaterThan(0)
      }),
      { numRuns: 100 },
    )
  })

  it('compensates in reverse of the drawing', () => {
    fc.assert(
      fc.property(scenario, (one) => {
        const { run, world } = play(one)
        for (const id of run.ids()) {
          const mine = world.undoOrder.filter((undo) => undo.saga === id)
          const region = run.state(id).region
          const compiled = region === null ? run.compiled(id) : run.compiled(id).region(region)
          const before = reachOf(compiled)
          mine.forEach((earlier, i) => {
            // A join's loser is undone before what follows the join has begun: that is no overtaking.
            for (const later of mine.slice(i + 1))
              if (before(later.step).has(earlier.step) && earlier.called.has(`${id}/${later.step}`))
                throw new Error(
                  `${earlier.step} was undone before ${later.step}, which comes after it`,
                )
          })
        }
      }),
      runs,
    )
  })
})

/** No try of a child but the last one has effects that stand. Returns how many took over from another. */
function standsOnce(one: Scenario): number {
  let retried = 0
  const { run, world } = play(one)
  const tries = new Map<string, string[]>()
  for (const id of run.ids()) {
    const [first = id, again] = id.split('~')
    tries.set(first, [...(tries.get(first) ?? []), id])
    if (again !== undefined) retried++
  }
  const standing = [...world.happened].filter((key) => !world.undone.has(key))
  for (const ids of tries.values()) {
    const ended = ids.map((id) => run.state(id).status)
    for (const status of ended.slice(0, -1)) expect(status).toBe('ROLLED_BACK')
    for (const id of ids.slice(0, -1))
      expect(standing.filter((key) => key.startsWith(`${id}:`))).toEqual([])
  }
  if (run.state().status === 'COMPLETED' && one.pivot && one.tail !== 'step')
    for (const [first, ids] of tries)
      if (first.startsWith('s..tail')) expect(run.state(ids.at(-1)).status).toBe('COMPLETED')
  return retried
}
