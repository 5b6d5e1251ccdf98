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

describe('calls of a participant that takes two at once', () => {
  /** Calls of `svc` end when told to, those of other participants at once. */
  function crowd(callsMax = 100) {
    const clock = new VirtualClock()
    const left: ParticipantCall[] = []
    const done: string[] = []
    const end = new Map<string, () => void>()
    let found = () => {}
    const svc: Participant = {
      concurrency: 2,
      call: (one) => {
        left.push(one)
        return new Promise((resolve) => end.set(one.call, () => resolve(ok())))
      },
    }
    const looking = new Promise<Participant>((resolve) => {
      found = () => resolve(svc)
    })
    const performer = new Performer({
      participants: { find: (name) => (name === 'svc' ? looking : { call: async () => ok() }) },
      clock,
      logger: { info() {}, warn() {}, error() {} },
      callsMax,
      callbackToken: () => '',
      traceparent: () => '',
      done: (_, name) => void done.push(name),
      mayCall: () => true,
    })
    const perform = (...steps: string[]) => {
      for (const step of steps) performer.perform('one', call(step))
    }
    const leaving = () => left.map((one) => one.step)
    const finish = async (step: string) => {
      end.get(`${step}#1`)?.()
      await flush()
    }
    return { clock, performer, perform, left, leaving, done, finish, found }
  }

  it('wait before their time begins, the oldest first, also before it is found', async () => {
    const { clock, perform, left, leaving, found, finish, performer } = crowd()
    perform('a', 'b', 'c', 'd')
    expect(performer.inFlight).toBe(4)
    found()
    await flush()
    expect(leaving()).toEqual(['a', 'b'])
    await clock.advance(900)
    await finish('b')
    expect(leaving()).toEqual(['a', 'b', 'c'])
    expect(left[2]?.deadline).toBe(clock.now() + 1_000)
    await finish('c')
    await finish('a')
    await finish('d')
    expect(performer.inFlight).toBe(0)
  })

  it('hold up nobody else', async () => {
    const { perform, done, found, performer } = crowd()
    found()
    perform('a', 'b', 'c')
    await flush()
    performer.perform('one', { ...call('other'), participant: 'other' })
    await flush()
    expect(done).toEqual(['other#1'])
  })

  it('are taken back while they wait, and make room when they are given up', async () => {
    const { perform, leaving, found, performer } = crowd()
    found()
    perform('a', 'b')
    performer.perform('two', call('c'))
    performer.perform('three', call('d'))
    await flush()
    performer.withdraw((sagaId) => sagaId === 'two')
    performer.abandon((sagaId) => sagaId === 'one')
    await flush()
    expect(leaving()).toEqual(['a', 'b', 'd'])
    expect(performer.inFlight).toBe(1)
  })

  it('share what there is for all with other participants in turns', async () => {
    const { perform, done, leaving, found, finish, performer } = crowd(2)
    found()
    perform('a', 'b', 'c', 'd')
    await flush()
    for (const step of ['x', 'y']) performer.perform('one', { ...call(step), participant: 'other' })
    await finish('a')
    expect(leaving()).toEqual(['a', 'b', 'c'])
    await finish('b')
    expect(done).toEqual(['a#1', 'b#1', 'x#1'])
    expect(leaving()).toEqual(['a', 'b', 'c', 'd'])
    await finish('c')
    expect(done).toEqual(['a#1', 'b#1', 'x#1', 'c#1', 'y#1'])
  })
})
