import { expect, test } from 'vitest'
import {
  choice,
  done,
  finding,
  findings,
  parallel,
  readonly,
  region,
  retriable,
  saga,
  undoable,
} from './documents'

const MINUTE = 60_000
const free = { maxDurationMs: undefined }

test('warns of a signal and an approval that wait without end, and offers a bound', () => {
  const steps = {
    a: { type: 'signal', signal: 'go', next: 'b' },
    b: { type: 'approval', question: 'Go?' },
  }
  const document = saga(steps, free)
  expect(findings(document)).toEqual(['timing/unbounded-wait a', 'timing/unbounded-wait b'])
  expect(finding(document, 'timing/unbounded-wait')).toMatchObject({
    severity: 'warning',
    fixes: [{ commands: [{ type: 'setStep', id: 'a', path: ['timeoutMs'], value: 86_400_000 }] }],
  })
  expect(finding(saga(steps), 'timing/unbounded-wait').severity).toBe('info')
})

test('warns of a way on timeout without a timeout', () => {
  const late = { type: 'signal', signal: 'go', onTimeout: { next: 'b' }, next: 'b' }
  expect(findings(saga({ a: late, b: done }))).toEqual(['timing/timeout-never a'])
  expect(findings(saga({ a: { ...late, timeoutMs: 5 }, b: done }))).toEqual([])
})

test('mentions once that calls have the default timeout', () => {
  const document = saga(
    { a: undoable('b'), b: readonly('c', { timeoutMs: 5 }), c: readonly() },
    { timeoutMs: undefined },
  )
  expect(findings(document)).toEqual(['timing/default-timeout -'])
  expect(finding(document, 'timing/default-timeout')).toMatchObject({
    message: '“a” and “c” declare no timeout: each call may take 30 seconds.',
    fixes: [{ commands: [{ type: 'setSaga', fields: { timeoutMs: 30_000 } }] }],
  })
})

test('warns when the longest way of waits exceeds the duration of the saga', () => {
  const steps = {
    cool: { type: 'wait', forMs: 40 * MINUTE, next: 'both' },
    both: parallel(
      {
        short: region({ one: { type: 'wait', forMs: MINUTE } }),
        long: region({ ask: { type: 'approval', question: 'Go?', timeoutMs: 30 * MINUTE } }),
      },
      'which',
    ),
    which: choice({ big: 'more' }, 'end'),
    more: { type: 'wait', forMs: 10 * MINUTE, next: 'end' },
    end: done,
  }
  const document = saga(steps, { maxDurationMs: 60 * MINUTE })
  expect(findings(document)).toEqual(['timing/duration-too-short -'])
  expect(finding(document, 'timing/duration-too-short').message).toBe(
    'The saga may last 1 hour, and its waits alone can take 1 hour 20 minutes: “cool” 40 minutes, “ask” 30 minutes and “more” 10 minutes.',
  )
  expect(findings(saga(steps, { maxDurationMs: 80 * MINUTE }))).toEqual([])
})

test('warns when the attempts of a step exceed the duration of the saga', () => {
  const bound = { maxDurationMs: MINUTE }
  const slow = saga(
    { a: undoable(undefined, { timeoutMs: 30_000, retry: { attemptsMax: 3 } }) },
    bound,
  )
  expect(findings(slow)).toEqual(['timing/attempts-too-long a'])
  expect(finding(slow, 'timing/attempts-too-long').message).toBe(
    '“a” may take 1 minute 30 seconds for its attempts, longer than the 1 minute of the whole saga.',
  )
  const fast = saga(
    { a: undoable(undefined, { timeoutMs: 30_000, retry: { attemptsMax: 2 } }) },
    bound,
  )
  expect(findings(fast)).toEqual([])
  expect(findings(saga({ a: retriable(undefined, { timeoutMs: 30_000 }) }, bound))).toEqual([])
})

test('refuses a written time that names no offset, and appends Z', () => {
  const until = (source: string) => saga({ a: { type: 'wait', until: source, next: 'b' }, b: done })
  for (const time of ['2026-12-01T10:00:00', '2026-12-01T10:00', '2026-12-01T10:00:00.5'])
    expect(finding(until(`"${time}"`), 'timing/no-offset')).toMatchObject({
      severity: 'error',
      fixes: [{ commands: [{ type: 'setStep', id: 'a', path: ['until'], value: `"${time}Z"` }] }],
    })
  for (const source of [
    '"2026-12-01T10:00:00Z"',
    '"2026-12-01T10:00+01:00"',
    '"2026-12-01"',
    'input.at',
  ])
    expect(findings(until(source))).toEqual([])
})

test('warns of a first delay above the longest, and of delays that stop growing at a default', () => {
  const retried = (retry: Record<string, unknown>) => saga({ a: readonly('b', { retry }), b: done })
  const fixOf = (retry: Record<string, unknown>) =>
    finding(retried(retry), 'timing/longest-delay').fixes?.[0]?.commands
  const set = (value: number) => [
    { type: 'setStep', id: 'a', path: ['retry', 'delayMaxMs'], value },
  ]
  expect(fixOf({ strategy: 'FIXED', delayMs: 5_000, delayMaxMs: 1_000, attemptsMax: 2 })).toEqual(
    set(5_000),
  )
  // ASL: IntervalSeconds 2, BackoffRate 2, MaxAttempts 6
  expect(fixOf({ delayMs: 2_000, attemptsMax: 7 })).toEqual(set(64_000))
  expect(findings(retried({ strategy: 'FIXED', delayMs: 60_000, attemptsMax: 2 }))).toEqual([])
  expect(findings(retried({ delayMs: 2_000, attemptsMax: 4 }))).toEqual([])
  const document = saga({ a: readonly('b'), b: done }, { retry: { delayMs: 9, delayMaxMs: 8 } })
  expect(finding(document, 'timing/longest-delay').path).toEqual(['retry', 'delayMaxMs'])
})
