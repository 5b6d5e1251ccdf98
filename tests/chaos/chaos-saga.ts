/**
 * The saga of the chaos suites, with every kind of step that has an effect, and the faults of the services that it calls.
 */
import type { SagaDocument } from '@/runtime'
import { action, saga } from '../support/dry-run'

export const NAME = 'chaos-launch'
const branch = (...steps: [string, Record<string, unknown>][]) => ({
  start: steps[0]?.[0] as string,
  steps: Object.fromEntries(steps),
})
const quick = { retry: { attemptsMax: 3, delayMs: 50, delayMaxMs: 400 }, timeoutMs: 3000 }

/** Every kind of step that has an effect, and every way to lose it. */
export const chaosSaga: SagaDocument = saga({
  name: NAME,
  title: 'Chaos launch',
  retry: { delayMs: 50, delayMaxMs: 500 },
  start: 'reserve',
  steps: {
    reserve: action('reserve', 'audit', {
      participant: 'budget-ledger',
      operation: 'reserve',
      input: { ventureId: 'input.venture', amount: '1', currency: '"EUR"' },
      compensation: { operation: 'release', retry: { attemptsMax: 1000 } },
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
              compensation: { operation: 'releaseName', retry: { attemptsMax: 1000 } },
              ...quick,
            }),
          ],
          [
            'register',
            action('register', undefined, {
              participant: 'company-registry',
              operation: 'register',
              input: { registrationId: 'steps.name.registrationId' },
              compensation: { operation: 'deregister', retry: { attemptsMax: 1000 } },
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
            compensation: { operation: 'closeCase', retry: { attemptsMax: 1000 } },
            ...quick,
          }),
        ]),
      },
      next: 'pause',
    },
    pause: { type: 'wait', forMs: 150, next: 'which' },
    which: {
      type: 'choice',
      branches: [{ when: 'input.gate', next: 'gate' }],
      otherwise: 'charge',
    },
    gate: {
      type: 'approval',
      question: 'Launch {input.name}?',
      timeoutMs: 600_000,
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
      timeoutMs: 3000,
      retry: { attemptsMax: 500, delayMs: 50, delayMaxMs: 500 },
    },
    tell: {
      type: 'action',
      participant: 'notification',
      operation: 'send',
      input: { to: '"chairman@example.com"', template: '"launched"', data: {} },
      effect: 'retriable',
      timeoutMs: 3000,
      retry: { delayMs: 50, delayMaxMs: 500 },
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
