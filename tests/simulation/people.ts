/**
 * Everybody outside the workers: those who start sagas, those who decide at gates, operators who meddle, and the
 * caretaker who, once the faults have stopped, sees every saga through to its end.
 *
 * They use the verbs of whichever worker they reach, try again when it was lost, and remember what they were promised.
 */
import type { Decision } from '@/runtime/journal/entry'
import type { Runtime } from '@/runtime/runtime'
import type { Family } from './documents'
import type { Random } from './random'
import type { Service } from './service'
import type { Sight, Witness } from './witness'
import type { Worker } from './worker'
import type { World } from './world'

const PERSON = { kind: 'user' as const, id: 'p', name: 'Somebody' }

/** A verb that resolved: its message has been taken. */
export interface Promised {
  sagaId: string
  /** Found in exactly one entry of the saga: a payload, reason or reasoning made for it. */
  mark: string
}

export class People {
  readonly #world: World
  readonly #witness: Witness
  readonly #service: Service
  readonly #workers: readonly Worker[]
  readonly #random: Random
  readonly started = new Set<string>()
  readonly promised: Promised[] = []
  #marks = 0

  constructor(world: World, witness: Witness, service: Service, workers: readonly Worker[]) {
    this.#world = world
    this.#witness = witness
    this.#service = service
    this.#workers = workers
    this.#random = world.random.fork('people')
  }

  /** Everything that people do while there are faults. */
  begin(families: readonly Family[]): string[] {
    const { swarm, clock } = this.#world
    const ids = Array.from({ length: swarm.sagas }, (_, n) => `s${n}`)
    for (const id of ids) {
      const family = this.#random.pick(families)
      if (!family) continue
      clock.after(
        this.#random.between(0, swarm.chaosMs / 2),
        () => void this.#start(id, family.root.name),
      )
      for (let n = this.#random.int(0, Math.round(2 * swarm.meddling)); n > 0; n--)
        clock.after(this.#random.between(0, swarm.chaosMs), () => void this.#meddle(id))
    }
    void this.#attend()
    return ids
  }

  async #start(id: string, definition: string): Promise<void> {
    for (;;) {
      const twice = this.#random.chance(0.2)
      const asked = [this.#ask((runtime) => runtime.startSaga({ definition, input: null, id }))]
      if (twice) asked.push(this.#ask((runtime) => this.#startMany(runtime, id, definition)))
      const done = await Promise.all(asked)
      if (done.some((one) => one === null)) {
        this.started.add(id)
        return
      }
      await this.#world.sleep(this.#random.between(50, 1_000))
    }
  }

  async #startMany(runtime: Runtime, id: string, definition: string): Promise<void> {
    const [answer] = await runtime.startMany([{ definition, input: null, id }])
    if (!answer || 'error' in answer) throw new Error(answer?.error.message ?? 'no answer')
  }

  /** Decides at gates and sends signals, at its leisure, on what the screen showed then. */
  async #attend(): Promise<void> {
    for (;;) {
      await this.#world.sleep(this.#random.between(300, 2_000))
      for (const sight of [...this.#witness.sights.values()]) {
        for (const step of sight.gates) if (this.#random.chance(0.4)) void this.#decide(sight, step)
        for (const step of sight.signals)
          if (this.#random.chance(0.4)) void this.#signal(sight, step)
      }
    }
  }

  async #decide({ id }: Sight, step: string): Promise<void> {
    let seq = 0
    const failed = await this.#ask(async (runtime) => {
      seq = (await runtime.previewDecision(id, step)).seq
    })
    if (failed) return
    await this.#world.sleep(this.#random.between(0, 1_500))
    const mark = this.#mark()
    const decision: Decision = this.#random.chance(0.7)
      ? 'CONTINUE'
      : this.#random.pick(['PAUSE', 'ABORT', 'FORCE_COMPENSATION'])
    const seenSeq = this.#random.chance(0.15) ? Math.max(0, seq - this.#random.int(1, 4)) : seq
    await this.#promise(id, mark, async (runtime) => {
      await runtime.decide({ sagaId: id, step, decision, reasoning: mark, seenSeq, by: PERSON })
    })
  }

  async #signal({ id }: Sight, step: string): Promise<void> {
    const mark = this.#mark()
    // Its name is in the document; people know it.
    const name = `go-${this.#random.int(1, 2)}`
    this.#world.note('people', () => `signal ${name} for ${id} ${step} ${mark}`)
    await this.#promise(id, mark, (runtime) => runtime.signal(id, name, mark, PERSON))
  }

  async #meddle(id: string): Promise<void> {
    const others = [...this.#witness.sights.keys()].filter((other) => other.startsWith(`${id}.`))
    const target = this.#random.chance(0.2) ? (this.#random.pick(others) ?? id) : id
    const step = this.#random.pick([...(this.#witness.sights.get(target)?.steps ?? [])])
    const reason = this.#mark()
    const by = { by: PERSON, reason }
    const pauseMs = this.#random.delay(1_500)
    const verb = this.#random.pick(['pause', 'pause', 'cancel', 'rollBack', 'signal', 'step'])
    if (verb === 'pause') {
      await this.#promise(target, reason, (runtime) => runtime.pause(target, by))
      await this.#world.sleep(pauseMs)
      const again = { by: PERSON, reason: this.#mark() }
      await this.#promise(target, again.reason, (runtime) => runtime.resume(target, again))
    } else if (verb === 'signal')
      await this.#promise(target, reason, (runtime) =>
        runtime.signal(target, 'go-1', reason, PERSON),
      )
    else if (verb === 'step' && step)
      await this.#promise(target, reason, (runtime) => runtime.retryStep(target, step, by))
    else if (verb === 'cancel')
      await this.#promise(target, reason, (runtime) => runtime.cancel(target, by))
    else if (verb === 'rollBack' && this.#random.chance(target === id ? 0.3 : 1))
      await this.#promise(target, reason, (runtime) => runtime.rollBack(target, by))
  }

  /** One round over all that has not ended: resume, decide, retry, and in the end accept what cannot be undone. */
  async tend(sight: Sight): Promise<void> {
    const { id, status } = sight
    const reason = this.#mark()
    const by = { by: PERSON, reason }
    const resumesFirst = status === 'PAUSED' && this.#random.chance(0.5)
    if (!resumesFirst) for (const step of sight.gates) await this.#decide(sight, step)
    if (status === 'PAUSED') for (const step of sight.failed) this.#service.mend(id, step)
    if (status === 'PAUSED') return this.#try(id, (runtime) => runtime.resume(id, by))
    if (status === 'QUARANTINED') {
      for (const step of sight.steps) {
        await this.#try(id, (runtime) => runtime.retryStep(id, step, by))
        await this.#try(id, (runtime) => runtime.resolveStep(id, step, by))
      }
      return this.#try(id, (runtime) => runtime.rollBack(id, by))
    }
    for (const name of sight.signals.size > 0 ? ['go-1', 'go-2'] : [])
      await this.#try(id, (runtime) => runtime.signal(id, name, this.#mark(), PERSON))
  }

  /** A callback from a service. */
  complete(...[token, outcome]: Parameters<Runtime['completeCall']>): Promise<void> {
    return this.#worker().ask((runtime) => runtime.completeCall(token, outcome))
  }

  #mark(): string {
    return `mark-${++this.#marks}`
  }

  async #promise(sagaId: string, mark: string, verb: (runtime: Runtime) => Promise<void>) {
    const failed = await this.#ask(verb)
    if (!failed) this.promised.push({ sagaId, mark })
  }

  async #try(_: string, verb: (runtime: Runtime) => Promise<void>): Promise<void> {
    await this.#ask(verb)
  }

  /** Null when it was done, else why not. */
  async #ask(verb: (runtime: Runtime) => Promise<unknown>): Promise<unknown> {
    try {
      await this.#worker().ask(verb)
      return null
    } catch (error) {
      return error
    }
  }

  #worker(): Worker {
    return this.#random.pick(this.#workers) as Worker
  }
}
