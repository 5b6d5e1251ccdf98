/**
 * A service inside the workers whose steps are transactional: its operations return statements, which the simulated store
 * carries out with the commit or not at all. The adapter is the real one (runtime/participant/function-participant.ts).
 *
 * 1. A statement writes a row for its key; writing it twice shows (`effects`).
 * 2. The database may refuse a statement: for good (a constraint) or for now (a lock). Then nothing of the commit is written.
 */
import type { EntityCommit, RefusedStatement } from '@/runtime/journal/store'
import { createFunctionParticipant } from '@/runtime/participant/function-participant'
import type { Participant } from '@/runtime/participant/participant'
import { RetryableError, TerminalError } from '@/runtime/participant/participant-errors'
import type { PlainStatement } from '@/runtime/participant/statement'
import type { Process } from './process'
import type { Random } from './random'
import type { World } from './world'

/** What the statements of one key wrote. */
export interface Booking {
  key: string
  sagaId: string
  step: string
  kind: 'action' | 'compensation'
  effects: number
  undone: number
}

export class Bank {
  readonly rows = new Map<string, Booking>()
  readonly #world: World
  readonly #random: Random
  /** Statements carried out. */
  statements = 0

  constructor(world: World) {
    this.#world = world
    this.#random = world.random.fork('bank')
  }

  /** The participant as one process has it. */
  open(mine: Process): Participant {
    const work = () =>
      new Promise<void>((resolve) =>
        mine.clock.after(this.#random.delay(this.#world.swarm.bank.workMs), resolve),
      )
    return createFunctionParticipant({
      name: 'bank',
      clock: mine.clock,
      operations: {
        pay: {
          transactional: true,
          run: async (_, { key, sagaId, step }) => {
            await work()
            this.#refuse()
            return { output: { by: step }, statements: [book('pay', [key, sagaId, step])] }
          },
        },
        refund: {
          transactional: true,
          run: async (_, { key, sagaId, step, undoes }) => {
            await work()
            this.#refuse()
            return { statements: [book('refund', [key, sagaId, step, undoes ?? ''])] }
          },
        },
      },
    })
  }

  /** Now and then the operation itself says no. */
  #refuse(): void {
    const { terminal, retryable, crash } = this.#world.swarm.bank
    const roll = this.#random.next()
    if (roll < terminal) throw new TerminalError('NO', 'no money')
    if (roll < terminal + retryable) throw new RetryableError('BUSY', 'busy')
    if (roll < terminal + retryable + crash) throw new Error('a bug in the operation')
  }

  /** The first statement that the database does not take, if any. */
  refused(commits: readonly EntityCommit[]): RefusedStatement | null {
    const { refusedForGood, refusedForNow } = this.#world.swarm.bank
    for (const { entityId, statements = [] } of commits)
      for (const { call } of statements) {
        const roll = this.#random.next()
        if (roll >= refusedForGood + refusedForNow) continue
        this.#world.faults++
        const kind = roll < refusedForGood ? 'terminal' : 'retryable'
        const code = kind === 'terminal' ? 'STATEMENT_FAILED' : 'STATEMENT_LOCKED'
        return { entityId, call, kind, code, message: `${code} said by the simulated database` }
      }
    return null
  }

  carryOut(commits: readonly EntityCommit[]): void {
    for (const { statements = [] } of commits) for (const one of statements) this.#book(one)
  }

  #book({ text, values }: PlainStatement): void {
    this.statements++
    const [key = '', sagaId = '', step = '', undoes = ''] = values.map((value) => value ?? '')
    const row = this.rows.get(key) ?? {
      key,
      sagaId,
      step,
      kind: text === 'pay' ? 'action' : 'compensation',
      effects: 0,
      undone: 0,
    }
    this.rows.set(key, row)
    row.effects++
    const forward = this.rows.get(undoes)
    if (text === 'refund' && forward) forward.undone = forward.effects
  }
}

const book = (text: string, values: string[]) => ({ text, values, rows: 1 })
