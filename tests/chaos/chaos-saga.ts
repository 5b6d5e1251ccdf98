/**
 * The saga of the chaos suites, with every kind of step that has an effect and every kind that waits, and the faults of the
 * services that it calls.
 *
 * A saga waits at `pace` for as long as its input says: hardly, until a time, or for a signal. So as many as wanted can be
 * alive at once, with effects behind them and effects before them.
 *
 * Nothing here runs out of attempts where the way back is closed: a saga that pauses for an operator is right to do so, but
 * could not be told from one that was lost.
 */
import type { SagaDocument } from '@/runtime'
import { action, saga } from '../support/dry-run'

export const NAME = 'chaos-launch'
/** The signal that a saga of the pace `signal` waits for. */
export const SIGNAL = 'go'
export type Pace = 'quick' | 'timer' | 'signal'

const branch = (...steps: [string, Record<string, unknown>][]) => ({
  start: steps[0]?.[0] as string,
  steps: Object.fromEntries(steps),
})
const quick = { retry: { attemptsMax: 3, delayMs: 50, delayMaxMs: 400 }, timeoutMs: 3000 }
const forward = { retry: { attemptsMax: 1000, delayMs: 50, delayMaxMs: 500 }, timeoutMs: 3000 }
const back = (operation: string) => ({
  operation,
  retry: { attemptsMax: 1000, delayMs: 50, delayMaxMs: 500 },
})

export const chaosSaga: SagaDocument = saga({
  name: NAME,
  title: 'Chaos launch',
  start: 'reserve',
  steps: {
    reserve: action('reserve', 'audit', {
      participant: 'budget-ledger',
      operation: 'reserve',
      input: { ventureId: 'input.venture', amount: '1', currency: '"EUR"' },
      compensation: back('release'),
      ...quick,
    }),
    audit: {
      type: 'parallel',
      branches: {
        legal: branch(
          [
            'name',
            action('name', 'register', {
              participant: 'company-registry',
              operation: 'reserveName',
              input: { name: 'input.name' },
              compensation: back('releaseName'),
              ...quick,
            }),
          ],
          [
            'register',
            action('register', undefined, {
              participant: 'company-registry',
              operation: 'register',
              input: { registrationId: 'steps.name.registrationId' },
              compensation: back('deregister'),
              ...quick,
            }),
          ],
        ),
        compliance: branch([
          'case',
          action('case', undefined, {
            participant: 'compliance',
            operation: 'openCase',
            input: { name: 'input.name' },
            compensation: back('closeCase'),
            ...quick,
          }),
        ]),
      },
      next: 'pace',
    },
    pace: {
      type: 'choice',
      branches: [
        { when: 'input.pace = "timer"', next: 'later' },
        { when: 'input.pace = "signal"', next: 'told' },
      ],
      otherwise: 'pause',
    },
    pause: { type: 'wait', forMs: 150, next: 'which' },
    later: { type: 'wait', until: 'input.until', next: 'which' },
    told: { type: 'signal', signal: SIGNAL, timeoutMs: 3_600_000, next: 'which' },
    which: {
      type: 'choice',
      branches: [{ when: 'input.gate', next: 'gate' }],
      otherwise: 'charge',
    },
    gate: {
      type: 'approval',
      question: 'Launch {input.name}?',
      timeoutMs: 3_600_000,
      onTimeout: 'ABORT',
      next: 'charge',
    },
    charge: {
      type: 'action',
      participant: 'budget-ledger',
      operation: 'charge',
      input: { reservationId: 'steps.reserve.reservationId' },
      effect: 'pivot',
      next: 'tell',
      ...forward,
    },
    tell: {
      type: 'action',
      participant: 'notification',
      operation: 'send',
      input: { to: '"chairman@example.com"', template: '"launched"', data: {} },
      effect: 'retriable',
      ...forward,
    },
  },
})

/** Terminal failures only where the saga may still go back; lost requests and replies everywhere. */
export const FAULTS = {
  'budget-ledger': { '*': { loseReplyRate: 0.08, loseRequestRate: 0.05, delayMs: 15 } },
  'company-registry': {
    '*': { loseReplyRate: 0.08, loseRequestRate: 0.05, delayMs: 25 },
    register: { failRate: 0.2, failKind: 'terminal', loseReplyRate: 0.05, delayMs: 20 },
  },
  compliance: {
    '*': { loseReplyRate: 0.08, loseRequestRate: 0.05, delayMs: 20 },
    openCase: { failRate: 0.1, failKind: 'retryable', loseReplyRate: 0.1, delayMs: 30 },
  },
  notification: { '*': { loseReplyRate: 0.1, failRate: 0.1, failKind: 'retryable' } },
}
