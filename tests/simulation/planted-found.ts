/**
 * Bugs that this simulation found in the product. Planting them again is their regression test, beside a test of their own.
 */
import { type PlantedBug, STUCK } from './planted-bug'

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
    seed: 92,
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
    seed: 25,
    patches: [
      {
        file: 'saga/unwind.ts',
        from: "result === 'exhausted' && !waitsForOperator(turn, members)",
        to: "result === 'exhausted' && (true || waitsForOperator(turn, members))",
      },
    ],
  },
  {
    name: 'completed child rolled back alone',
    wrong: 'An operator may roll back a child whose parent goes on with what it did.',
    breaks: ['MISSING', ...STUCK],
    seed: 41,
    patches: [
      {
        file: 'saga/control.ts',
        from: "if (state.parent && state.status === 'COMPLETED')",
        to: "if (state.parent && state.status === 'PENDING')",
      },
    ],
  },
]
