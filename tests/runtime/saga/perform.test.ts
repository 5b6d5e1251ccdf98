import { describe, expect, it } from 'vitest'
import type { Outcome } from '@/runtime/journal/entry'
import type { Participant, ParticipantCall } from '@/runtime/participant/participant'
import { Performer } from '@/runtime/saga/perform'
import type { CallCommand } from '@/runtime/saga/state'
import { ok } from '../../support/dry-run'
import { flush, VirtualClock } from '../../support/virtual-clock'

const call = (step: string): CallCommand => ({
  c: 'call',
  call: `${step}#1`,
  step,
  kind: 'action',
  attempt: 1,
  participant: 'svc',
  operation: 'do',
  input: null,
  key: `one:${step}`,
  timeoutMs: 1_000,
})

/** A performer whose look-up of the participant takes until `found` is called. */
function stage(mayCall = () => true) {
  const clock = new VirtualClock()
  const left: ParticipantCall[] = []
  const done: { call: string; outcome: Outcome }[] = []
  const participant: Participant = {
    call: async (one) => {
      left.push(one)
      return ok()
    },
  }
  let found = () => {}
  const performer = new Performer({
    participants: {
      find: () =>
        new Promise((resolve) => {
          found = () => resolve(participant)
        }),
    },
    clock,
    logger: { info() {}, warn() {}, error() {} },
    callsMax: 10,
    callbackToken: () => '',
    traceparent: () => '',
    done: (_, name, outcome) => void done.push({ call: name, outcome }),
    mayCall,
  })
  return { clock, left, done, performer, found: () => found() }
}

describe('a call whose participant takes long to look up', () => {
  it('does not leave after its deadline', async () => {
    const { clock, left, done, performer, found } = stage()
    performer.perform('one', call('a'))
    await clock.advance(1_000)
    expect(done).toMatchObject([{ call: 'a#1', outcome: { kind: 'unknown', code: 'TIMEOUT' } }])
    found()
    await flush()
    expect(left).toEqual([])
    expect(done).toHaveLength(1)
  })

  it('does not leave when it was withdrawn meanwhile, and can be performed again', async () => {
    const { left, done, performer, found } = stage()
    performer.perform('one', call('a'))
    await flush()
    performer.withdraw((sagaId) => sagaId === 'one')
    expect(performer.isRunning('one', 'a#1')).toBe(false)
    found()
    await flush()
    expect({ left, done }).toEqual({ left: [], done: [] })
    performer.perform('one', call('a'))
    await flush()
    found()
    await flush()
    expect(left).toHaveLength(1)
    expect(done).toEqual([{ call: 'a#1', outcome: ok() }])
  })

  it('does not leave once another worker may have taken over', async () => {
    let mine = true
    const { left, performer, found } = stage(() => mine)
    performer.perform('one', call('a'))
    await flush()
    mine = false
    found()
    await flush()
    expect(left).toEqual([])
  })

  it('is not withdrawn any more once it has left', async () => {
    const { left, done, performer, found } = stage()
    performer.perform('one', call('a'))
    await flush()
    found()
    performer.withdraw(() => false)
    await flush()
    performer.withdraw(() => true)
    expect(left).toHaveLength(1)
    expect(done).toHaveLength(1)
  })
})
