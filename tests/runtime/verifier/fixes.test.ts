/**
 * Every quick fix is an edit that can be made and that mends what it is offered for: it is applied as the designer would,
 * and the finding must be gone. Which fixes exist is listed by hand, so that none gets lost unnoticed.
 */
import { expect, test } from 'vitest'
import { applyCommand } from '@/runtime/definition/apply-command'
import { verify } from '@/runtime/verifier/verify'
import {
  choice,
  done,
  map,
  parallel,
  pivot,
  readonly,
  region,
  retriable,
  saga,
  undoable,
} from './documents'

const options = {
  participants: [
    { name: 'ledger', operations: [{ name: 'do', effect: 'readonly' as const }, { name: 'undo' }] },
  ],
  sagas: [{ name: 'audit', versions: [1, 2] }],
}

const broken = [
  saga({ reserve: readonly('bok'), book: readonly() }, { start: 'reserv' }),
  saga({
    both: parallel(
      { l: region({ x: readonly('done') }), r: region({ y: readonly('z') }) },
      'done',
      {
        quorum: 3,
      },
    ),
    done,
  }),
  saga({ a: readonly('b'), b: choice({ again: 'a', on: 'c' }), c: done }),
  saga({ a: choice({ only: 'gone' }), b: readonly('b') }),
  saga({ a: readonly(), lost: readonly(), each: map({ x: choice({ big: 'y' }), y: done }) }),
  saga({
    a: undoable('b', { input: 'input', compensation: undefined }),
    b: pivot('c'),
    c: pivot(),
  }),
  saga({ a: undoable('b', { input: 'input', compensation: { operation: 'undo' } }), b: done }),
  saga({
    a: undoable('b', { input: 'input', compensation: { operation: 'undo', input: 'output' } }),
    b: readonly('c', { compensation: { operation: 'undo', input: 'input' } }),
    c: pivot('d'),
    d: undoable('e'),
    e: retriable(undefined, { retry: { attemptsMax: 2 } }),
  }),
  saga(
    {
      reserve: readonly('ask', { participant: 'leger' }),
      ask: { type: 'signal', signal: 'go', next: 'sign', onTimeout: { next: 'cool' } },
      sign: { type: 'approval', question: 'Spend {steps.reserv.id}?', next: 'cool' },
      cool: { type: 'wait', forMs: 5000, next: 'old' },
      old: { type: 'saga', saga: 'audit@9', next: 'typo' },
      typo: { type: 'saga', saga: 'audti', next: 'call' },
      call: readonly(undefined, { operation: 'udno' }),
    },
    { timeoutMs: undefined, maxDurationMs: 1000 },
  ),
]

test('every fix mends what it is offered for', () => {
  const mended = new Set<string>()
  for (const document of broken) {
    for (const issue of verify(document, options)) {
      for (const fix of issue.fixes ?? []) {
        const after = fix.commands.reduce(applyCommand, document)
        const left = verify(after, options).filter(
          ({ code, step }) => code === issue.code && step === issue.step,
        )
        expect([fix.title, left]).toEqual([fix.title, []])
        mended.add(issue.code)
      }
    }
  }
  expect([...mended].toSorted()).toEqual([
    'child/unknown-saga',
    'child/unknown-version',
    'compensation/missing',
    'compensation/no-input',
    'compensation/output-may-be-absent',
    'compensation/unused',
    'data/unknown-step',
    'participants/effect-differs',
    'participants/unknown',
    'participants/unknown-operation',
    'pivot/compensatable-after',
    'pivot/few-attempts',
    'pivot/second',
    'structure/choice-may-fail',
    'structure/cycle',
    'structure/quorum-too-high',
    'structure/start-missing',
    'structure/target-elsewhere',
    'structure/target-missing',
    'structure/unreachable',
    'timing/default-timeout',
    'timing/duration-too-short',
    'timing/timeout-never',
    'timing/unbounded-wait',
  ])
})
