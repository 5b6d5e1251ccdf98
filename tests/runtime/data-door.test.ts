/** Everything that enters a journal through the runtime's verbs is checked there, for embedders as for the API. */
import { describe, expect, it } from 'vitest'
import { createRuntime } from '@/runtime/create-runtime'
import { createMemoryStore } from '@/runtime/journal/memory-store'
import { systemIds } from '@/runtime/system'
import { action, BY, saga } from '../support/dry-run'
import { memoryDefinitions } from '../support/memory-definitions'
import { VirtualClock } from '../support/virtual-clock'

const clock = new VirtualClock()
const store = createMemoryStore(clock)
const runtime = createRuntime({
  store,
  clock,
  definitions: memoryDefinitions(saga({ start: 'a', steps: { a: action('a') } })),
  participants: { find: async () => undefined },
  callbackTokens: { sign: () => '', verify: () => ({ sagaId: 's', call: 'c' }) },
  ids: systemIds,
  logger: { info() {}, warn() {}, error() {} },
})

const HALF = 'Great 😀'.slice(0, 7)
const by = { by: BY, reason: 'test' }
const start = (more: object) => runtime.startSaga({ definition: 'test', input: null, ...more })
const decision = {
  sagaId: 's',
  step: 'g',
  decision: 'ABORT' as const,
  reasoning: 'no',
  seenSeq: 1,
  by: BY,
}
let deep: unknown = 1
for (let n = 0; n < 3_000; n++) deep = [deep]

describe('the runtime refuses by name', () => {
  it.each<[string, () => Promise<unknown>, (string | number)[]]>([
    ['a Date in an input', () => start({ input: { at: new Date() } }), ['input', 'at']],
    ['NUL in an input', () => start({ input: { n: ['a\u0000'] } }), ['input', 'n', 0]],
    ['half an emoji in an input', () => start({ input: { n: HALF } }), ['input', 'n']],
    ['a venture', () => start({ ventureId: 'v\u0000' }), ['ventureId']],
    ['the name of a starter', () => start({ by: { ...BY, name: HALF } }), ['by', 'name']],
    ['a definition', () => start({ definition: 'a\u0000' }), ['definition']],
    ['a payload', () => runtime.signal('s', 'n', { id: 2 ** 53 }), ['payload', 'id']],
    ['a signal', () => runtime.signal('s', 'n\u0000', null), ['name']],
    ['a reason', () => runtime.pause('s', { ...by, reason: HALF }), ['reason']],
    ['a step', () => runtime.retryStep('s', 'a\u0000', by), ['step']],
    ['a reasoning', () => runtime.decide({ ...decision, reasoning: '\u0000' }), ['reasoning']],
    [
      'a condition',
      () => runtime.decide({ ...decision, conditions: ['x', HALF] }),
      ['conditions', 1],
    ],
    [
      'an idempotency key',
      () => runtime.pause('s', { ...by, idempotencyKey: 'k\u0000' }),
      ['idempotencyKey'],
    ],
    [
      'an outcome',
      () => runtime.completeCall('t', { ok: true, output: { m: new Map() } }),
      ['output', 'm'],
    ],
    [
      'a failure',
      () => runtime.completeCall('t', { ok: false, kind: 'terminal', code: 'X', message: HALF }),
      ['message'],
    ],
  ])('%s', async (_, ask, path) => {
    await expect(ask()).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { issues: [{ path, code: 'input/not-storable' }] },
    })
  })

  it('an input of 3,000 levels, with the bound', async () => {
    await expect(start({ input: deep })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('levels'),
    })
  })

  it('one item of a batch, and takes the others', async () => {
    await runtime.start()
    const answers = await runtime.startMany(
      [{ n: Number.NaN }, { n: 1 }].map((input) => ({ definition: 'test', input })),
    )
    expect(answers).toEqual([
      { error: { code: 'INVALID_INPUT', message: expect.stringContaining('`input.n` is NaN') } },
      { sagaId: expect.any(String) },
    ])
  })

  it('nothing of a field that is undefined: it is absent', async () => {
    const { sagaId } = await start({ input: { a: 1, b: undefined } })
    await clock.advance(100)
    const [entry] = await runtime.journal(sagaId)
    const input = entry?.message.type === 'start' ? entry.message.input : null
    expect(input).toStrictEqual({ a: 1 })
    await runtime.stop()
  })
})
