/**
 * The services that sagas call, simulated as the participant kit behaves (runtime/participant/kit/inbox.ts): a memory of
 * idempotency keys in one transaction with the effect. It survives every worker. Effects are counted here.
 *
 * 1. A key takes effect at most once; a repetition gets the stored answer, and waits while the first is running.
 * 2. A compensation waits for its running forward call and marks its key: from then on that call is refused.
 * 3. A terminal failure of an action is remembered; whatever else fails leaves nothing. A failed compensation leaves its
 *    mark only.
 * 4. After 202 the result comes later, to the token of the newest attempt, until somebody takes it.
 */
import type { Outcome } from '@/runtime/journal/entry'
import type { ParticipantCall } from '@/runtime/participant/participant'
import { LinkError, request, Server } from './network'
import type { Process } from './process'
import type { Random } from './random'
import type { ServiceFaults } from './swarm'
import type { Witness } from './witness'
import type { World } from './world'

/** One idempotency key. */
export interface Row {
  key: string
  sagaId: string
  step: string
  kind: 'action' | 'compensation' | null
  state: 'none' | 'pending' | 'done' | 'failed'
  answer: Outcome | null
  /** A compensation has marked it: it is refused from now on. */
  marked: boolean
  /** How often it took effect, and how often that was undone. */
  effects: number
  undone: number
  token: string
  /** Runs, or is waited for. */
  locked: boolean
  waiters: (() => void)[]
}

type Later = (token: string, outcome: Outcome) => Promise<void>

const failure = (kind: 'terminal' | 'retryable' | 'unknown', code: string): Outcome => ({
  ok: false,
  kind,
  code,
  message: `${code} said by the simulated service`,
})

export class Service {
  readonly rows = new Map<string, Row>()
  /** Callbacks that nobody has taken yet. */
  callbacks = 0
  readonly #world: World
  readonly #witness: Witness
  readonly #random: Random
  readonly #server = new Server()
  readonly #complete: Later

  constructor(world: World, witness: Witness, complete: Later) {
    this.#world = world
    this.#witness = witness
    this.#complete = complete
    this.#random = world.random.fork('service')
  }

  get #faults(): ServiceFaults {
    return this.#world.swarm.service
  }

  /** Whoever owns the service found out why it said no to that step: it may be asked again. */
  mend(sagaId: string, step: string): void {
    for (const row of this.rows.values())
      if (row.sagaId === sagaId && row.step === step && row.state === 'failed')
        Object.assign(row, { state: 'none', answer: null })
  }

  /** As an adapter in one process sees it: never throws. */
  call(from: Process, call: ParticipantCall, signal: AbortSignal): Promise<Outcome> {
    const settled = this.#witness.calls(from, call)
    signal.addEventListener('abort', settled, { once: true })
    const { twice, silent } = this.#faults
    const isTwice = this.#random.chance(twice)
    const isSilent = this.#random.chance(silent)
    if (isTwice || isSilent) this.#world.faults++
    const againMs = this.#random.between(0, 2_000)
    const take = async () => {
      // A proxy that lost the first answer asks again; an answer that comes back is the last word on its request.
      if (isTwice) {
        await this.#take(call)
        await this.#world.sleep(againMs)
      }
      const outcome = await this.#take(call)
      return isSilent ? forever() : outcome
    }
    return request({
      world: this.#world,
      from,
      server: this.#server,
      faults: this.#faults,
      random: this.#random,
      what: () => `call ${call.sagaId} ${call.call} ${call.operation} ${call.key}`,
      run: take,
    })
      .catch((error: unknown) => {
        if (!(error instanceof LinkError)) throw error
        return error.sent
          ? failure('unknown', 'CONNECTION_LOST')
          : failure('retryable', 'CONNECTION_REFUSED')
      })
      .finally(settled)
  }

  #take(call: ParticipantCall): Promise<Outcome> {
    return new Promise((resolve) => {
      const answer = (row: Row, outcome: Outcome) => {
        this.#world.note('service', () => `${call.call} of ${call.sagaId}: ${brief(outcome)}`)
        resolve(outcome)
        unlock(row)
      }
      this.#lock(this.#row(call, call.key), (row) => {
        if (call.kind === 'action') this.#act(call, row, (outcome) => answer(row, outcome))
        else this.#undo(call, row, (outcome) => answer(row, outcome))
      })
    })
  }

  #act(call: ParticipantCall, row: Row, answer: (outcome: Outcome) => void): void {
    if (row.marked) return answer(failure('terminal', 'UNDONE'))
    if (row.state === 'pending') row.token = call.callbackToken
    if (row.state === 'pending') return answer({ pending: true })
    if (row.answer) return answer(row.answer)
    const outcome = this.#draw(call)
    this.#work(() => {
      row.kind = 'action'
      if ('pending' in outcome) {
        row.state = 'pending'
        row.token = call.callbackToken
        this.#finishLater(row)
      } else if (outcome.ok) this.#done(row, outcome)
      else if (outcome.kind === 'terminal') {
        row.state = 'failed'
        row.answer = outcome
      }
      answer(outcome)
    })
  }

  #undo(call: ParticipantCall, row: Row, answer: (outcome: Outcome) => void): void {
    if (row.answer) return answer(row.answer)
    this.#lock(this.#row(call, call.undoes ?? ''), (forward) => {
      const outcome = this.#draw(call)
      const finish = (told: Outcome) => {
        unlock(forward)
        answer(told)
      }
      this.#work(() => {
        if ('pending' in outcome) return finish(failure('unknown', 'NOT_TAKEN'))
        if (outcome.ok) {
          row.kind = 'compensation'
          row.state = 'done'
          row.answer = outcome
          row.effects++
          forward.undone = forward.effects
        }
        if (outcome.ok || outcome.kind === 'terminal') forward.marked = true
        finish(outcome)
      })
    })
  }

  #done(row: Row, outcome: Outcome): void {
    row.state = 'done'
    row.answer = outcome
    row.effects++
  }

  #finishLater(row: Row): void {
    const roll = this.#random.next()
    this.#world.clock.after(this.#random.between(0, 1_500), () =>
      this.#lock(row, () => {
        const isGood = this.#world.healed || roll < 0.8
        const outcome: Outcome = isGood
          ? { ok: true, output: { by: row.step } }
          : failure('terminal', 'LATER_NO')
        // Undone meanwhile: nothing of it may happen any more, and nobody waits for it.
        if (row.marked) return unlock(row)
        if (isGood) this.#done(row, outcome)
        else {
          row.state = 'failed'
          row.answer = outcome
        }
        unlock(row)
        this.callbacks++
        void this.#tell(row, outcome)
      }),
    )
  }

  async #tell(row: Row, outcome: Outcome): Promise<void> {
    for (let told = ''; told !== row.token && !row.marked; ) {
      const { token } = row
      for (let delayMs = 200; !row.marked; delayMs = Math.min(5_000, delayMs * 2)) {
        const taken = await this.#complete(token, outcome).then(
          () => true,
          () => false,
        )
        if (taken) break
        await this.#world.sleep(delayMs)
      }
      told = token
    }
    this.callbacks--
  }

  #draw(call: ParticipantCall): Outcome {
    const faults = this.#faults
    const roll = this.#random.next()
    const rates: [number, () => Outcome][] = [
      [faults.terminal, () => failure('terminal', 'NO')],
      [faults.retryable, () => failure('retryable', 'BUSY')],
      [faults.crash, () => failure('unknown', 'OPERATION_FAILED')],
      [call.kind === 'action' ? faults.later : 0, () => ({ pending: true })],
    ]
    let sum = 0
    for (const [rate, outcome] of rates) {
      sum += rate
      if (roll < sum) return outcome()
    }
    return { ok: true, output: { by: call.step } }
  }

  #work(done: () => void): void {
    this.#world.clock.after(this.#random.delay(this.#faults.workMs), done)
  }

  #row(call: ParticipantCall, key: string): Row {
    let row = this.rows.get(key)
    if (!row) {
      row = {
        key,
        sagaId: call.sagaId,
        step: call.step,
        kind: null,
        state: 'none',
        answer: null,
        marked: false,
        effects: 0,
        undone: 0,
        token: '',
        locked: false,
        waiters: [],
      }
      this.rows.set(key, row)
    }
    return row
  }

  #lock(row: Row, use: (row: Row) => void): void {
    if (row.locked) row.waiters.push(() => use(row))
    else {
      row.locked = true
      use(row)
    }
  }
}

function unlock(row: Row): void {
  const next = row.waiters.shift()
  if (next) next()
  else row.locked = false
}

const forever = () => new Promise<Outcome>(() => {})

const brief = (outcome: Outcome) =>
  'pending' in outcome ? 'pending' : outcome.ok ? 'done' : `${outcome.kind} ${outcome.code}`
