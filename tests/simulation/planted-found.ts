/**
 * Bugs that this simulation found in the product. Planting them again is their regression test, beside a test of their own.
 */
import { CALM, having, type PlantedBug, STUCK } from './planted-bug'

export const FOUND_BUGS: readonly PlantedBug[] = [
  {
    name: 'start refused for want of its definition',
    wrong: 'A start whose definition cannot be read just now is refused, and so lost.',
    breaks: ['START_LOST', 'REPORT_REFUSED', 'MAIL_REFUSED', ...STUCK],
    patches: [
      {
        file: 'saga/resolve-start.ts',
        from: "if (!isSagaError(error) || error.code === 'UNAVAILABLE') throw error",
        to: 'if (!isSagaError(error)) throw error',
      },
    ],
  },
  {
    name: 'takeover that failed once',
    wrong: 'Shards whose sagas could not be read when they were taken are never recovered.',
    breaks: STUCK,
    swarm: {
      ...CALM,
      sagas: 8,
      kills: 6,
      store: { ...CALM.store, refused: 0.3 },
      service: { ...CALM.service, workMs: 400 },
    },
    patches: [
      {
        file: 'saga/engine.ts',
        from: `        logger.warn('Sagas could not be brought back yet; trying again', { error })
`,
        to: `        logger.warn('Sagas could not be brought back', { error })
        break
`,
      },
    ],
  },
  {
    name: 'reading back fails once',
    wrong: 'A saga that cannot be read back after a failed commit is forgotten.',
    breaks: STUCK,
    swarm: { ...CALM, sagas: 8, store: { ...CALM.store, lostAfter: 0.3, refused: 0.3 } },
    patches: [
      {
        file: 'saga/engine.ts',
        from: 'if ((resident.queue.length > 0 || resident.seq < 0) && !resident.stuck)\n',
        to: 'if (resident.queue.length > 0 && !resident.stuck)\n',
      },
      {
        file: 'saga/engine.ts',
        from: '    else if (isDone(resident)) this.#residents.delete(resident.id)',
        to: `    else if (resident.seq < 0) {
      this.#residents.delete(resident.id)
      void this.#bring([resident.id]).catch((error) => this.#failed(error))
    } else if (isDone(resident)) this.#residents.delete(resident.id)`,
      },
    ],
  },
  {
    name: 'timer of an older setting',
    wrong: 'A timer fires when an earlier setting of the same name would have been due.',
    breaks: ['TIMER_EARLY'],
    patches: [
      {
        file: 'saga/take-turn.ts',
        from: "if (message.type === 'timer' && dueAt !== undefined && dueAt > at) {",
        to: "if (message.type === 'timer' && dueAt !== undefined && dueAt > Infinity) {",
      },
    ],
  },
  {
    name: 'answered call performed again',
    wrong: 'A call whose result waits to be decided is performed again when its saga is read back.',
    breaks: ['OVERTOOK_FORWARD', 'LEFT_STANDING', 'UNNAMED', 'TOO_MUCH'],
    swarm: {
      ...CALM,
      sagas: 8,
      store: { ...CALM.store, lostBefore: 0.3, latencyMs: 20 },
      service: { ...CALM.service, crash: 0.2, lostAfter: 0.2, workMs: 400 },
    },
    patches: [
      {
        file: 'saga/engine.ts',
        from: '!call.answered && !answered.has(call.call)',
        to: '!call.answered',
      },
    ],
  },
  {
    name: 'mail and recovery load a saga twice',
    wrong: 'Recovery replaces a saga that mail brought into memory.',
    breaks: ['OVERTAKEN', ...STUCK],
    swarm: {
      ...CALM,
      sagas: 8,
      workers: 2,
      kills: 6,
      leaseMs: 3_000,
      meddling: 8,
      store: { ...CALM.store, latencyMs: 150 },
      definitions: { ...CALM.definitions, refused: 0.5 },
    },
    patches: [
      {
        file: 'saga/engine.ts',
        from: 'ids.filter((id) => this.owns(id) && !this.#residents.has(id))',
        to: 'ids.filter((id) => this.owns(id))',
      },
    ],
  },
  {
    name: 'deferred signal blocks the resume',
    wrong:
      'A signal that waited while the saga was paused and then comes too late has the resume refused.',
    breaks: STUCK,
    swarm: {
      ...CALM,
      sagas: 8,
      meddling: 16,
      chaosMs: 6_000,
      service: { ...CALM.service, retryable: 0.5, workMs: 400 },
    },
    patches: [
      {
        file: 'saga/decide.ts',
        from: 'if (next === message || !isSagaError(error)) throw error',
        to: 'throw error',
      },
    ],
  },
  {
    name: "losing branch's failure unpauses",
    wrong:
      'A saga that waits for an operator to undo a losing branch unwinds, and is paused for ever.',
    breaks: STUCK,
    swarm: {
      ...CALM,
      sagas: 8,
      isWanted: ({ onCompensationExhausted, steps }) =>
        onCompensationExhausted === 'MANUAL_COMPENSATION' &&
        Object.values(steps).some((step) => step.type === 'parallel' && step.join !== 'all'),
      service: { ...CALM.service, terminal: 0.2 },
    },
    patches: [
      {
        file: 'saga/unwind.ts',
        from: "result === 'exhausted' && !waitsForOperator(turn, scope(turn, step).open())",
        to: "result === 'exhausted'",
      },
    ],
  },
  {
    name: 'completed child rolled back alone',
    wrong: 'An operator may roll back a child whose parent goes on with what it did.',
    breaks: ['MISSING', ...STUCK],
    swarm: { ...CALM, sagas: 8, isWanted: having('saga'), meddling: 8, chaosMs: 8_000 },
    patches: [
      {
        file: 'journal/verbs.ts',
        from: "if (saga.parent && saga.status === 'COMPLETED')",
        to: "if (saga.parent && saga.status === 'PENDING')",
      },
    ],
  },
]
