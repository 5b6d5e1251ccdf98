/**
 * Several workers on one store in memory, in virtual time: each has a link to the store that can be cut or made to hang, and
 * a clock that can stop, as a process under SIGSTOP. The participants keep what they did by idempotency key, so that a
 * second effect shows.
 */
import { createRuntime, type RuntimeOptions } from '@/runtime/create-runtime'
import type { SagaDocument } from '@/runtime/definition/schema'
import { SagaError } from '@/runtime/errors'
import type { Outcome } from '@/runtime/journal/entry'
import { createMemoryStore, type MemoryStore } from '@/runtime/journal/memory-store'
import type { Store } from '@/runtime/journal/store'
import type { ParticipantCall } from '@/runtime/participant/participant'
import type { Clock } from '@/runtime/ports'
import type { Runtime } from '@/runtime/runtime'
import { systemIds } from '@/runtime/system'
import { ok } from './dry-run'
import { memoryDefinitions } from './memory-definitions'
import { flush, VirtualClock } from './virtual-clock'

export type Fault = 'none' | 'cut' | 'hang' | 'lose-answers'

export class Fleet {
  readonly clock = new VirtualClock()
  readonly store: MemoryStore = createMemoryStore(this.clock)
  readonly workers: FleetWorker[] = []
  readonly calls: (ParticipantCall & { worker: string; at: number })[] = []
  /** How often each key was performed, which a real participant makes one effect of. */
  readonly effects = new Map<string, number>()
  answer: (call: ParticipantCall, worker: FleetWorker) => Outcome | Promise<Outcome> = () => ok()
  readonly #documents: SagaDocument[]

  constructor(...documents: SagaDocument[]) {
    this.#documents = documents
  }

  add(name: string, more: Partial<RuntimeOptions> = {}): FleetWorker {
    const worker = new FleetWorker(this, name, memoryDefinitions(...this.#documents), more)
    this.workers.push(worker)
    return worker
  }

  /** Starts workers, and waits until every shard is where it belongs. */
  async up(...names: string[]): Promise<FleetWorker[]> {
    const workers = names.map((name) => this.add(name))
    for (const worker of workers) await worker.runtime.start()
    await this.clock.advance(20_000)
    return workers
  }

  /** The worker that owns an entity by its own account; undefined when none does just now. */
  async owners(): Promise<(string | null)[]> {
    const probe = await this.store.acquire('probe', 1)
    const { view } = await this.store.renew(probe, 1)
    await this.store.release(probe)
    return [...view.owners]
  }

  async stop(): Promise<void> {
    for (const worker of this.workers) worker.fault = 'none'
    for (const worker of this.workers) worker.thaw()
    await Promise.all(this.workers.map((worker) => worker.runtime.stop()))
  }
}

export class FleetWorker {
  readonly name: string
  readonly runtime: Runtime
  readonly logs: string[] = []
  fault: Fault = 'none'
  /** Renewals under way at once, at most. */
  renewalsMax = 0
  #renewals = 0
  #frozen: (() => void)[] | null = null
  readonly #fleet: Fleet

  constructor(
    fleet: Fleet,
    name: string,
    definitions: RuntimeOptions['definitions'],
    more: Partial<RuntimeOptions>,
  ) {
    this.#fleet = fleet
    this.name = name
    const log = (message: string) => void this.logs.push(message)
    this.runtime = createRuntime({
      store: this.#link(),
      definitions,
      participants: { find: async () => ({ call: (call) => this.#call(call) }) },
      callbackTokens: { sign: (sagaId, call) => `${sagaId}|${call}`, verify: () => null },
      clock: this.#clock(),
      ids: systemIds,
      logger: { info: log, warn: log, error: log },
      workerId: name,
      ...more,
    })
  }

  /** Stops this worker's clock and everything that would reach it, until it is thawed. */
  freeze(): void {
    this.#frozen ??= []
  }

  thaw(): void {
    const late = this.#frozen ?? []
    this.#frozen = null
    for (const run of late) run()
  }

  async #call(call: ParticipantCall): Promise<Outcome> {
    const fleet = this.#fleet
    fleet.calls.push({ ...call, worker: this.name, at: fleet.clock.monotonic() })
    fleet.effects.set(call.key, (fleet.effects.get(call.key) ?? 0) + 1)
    const outcome = await fleet.answer(call, this)
    await this.#awake()
    return outcome
  }

  /** Time passes for a frozen process too; it only does not notice. Timers fire a little early, as Node's do. */
  #clock(): Clock {
    const { clock } = this.#fleet
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (delayMs, run) => {
        let cancelled = false
        const cancel = clock.after(delayMs > 1 ? delayMs - 0.5 : delayMs, () => {
          const fire = () => {
            if (!cancelled) run()
          }
          if (this.#frozen) this.#frozen.push(fire)
          else fire()
        })
        return () => {
          cancelled = true
          cancel()
        }
      },
    }
  }

  async #awake(): Promise<void> {
    while (this.#frozen) {
      const frozen = this.#frozen
      await new Promise<void>((resolve) => frozen.push(resolve))
    }
  }

  #link(): Store {
    return new Proxy(this.#fleet.store as Store, {
      get: (store, method: keyof Store) => {
        return async (...args: unknown[]) => {
          if (this.fault === 'hang') await new Promise(() => {})
          if (this.fault === 'cut') throw lost(false)
          if (method === 'renew') this.renewalsMax = Math.max(this.renewalsMax, ++this.#renewals)
          try {
            await flush(1)
            await this.#awake()
            const run = store[method] as (...args: unknown[]) => Promise<unknown>
            const result = await run.apply(store, args)
            if (this.fault === 'lose-answers') throw lost(true)
            await this.#awake()
            return result
          } finally {
            if (method === 'renew') this.#renewals--
          }
        }
      },
    })
  }
}

const lost = (outcomeUnknown: boolean) =>
  new SagaError('UNAVAILABLE', 'The link to the store is cut', {
    outcomeUnknown,
    cause: 'the database cannot be reached',
  })
