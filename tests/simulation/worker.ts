/**
 * A worker slot: a process that runs one `createRuntime`, and the supervisor that starts the next one when it has ended.
 * What others ask of the runtime goes in and out of the process like everything else.
 */
import type { createRuntime } from '@/runtime/create-runtime'
import type { DefinitionStore } from '@/runtime/definition/definition-store'
import { SagaError } from '@/runtime/errors'
import type { Participant, Participants } from '@/runtime/participant/participant'
import type { Ids, Logger } from '@/runtime/ports'
import type { Health, Runtime } from '@/runtime/runtime'
import type { Bank } from './bank'
import { openWakeUps } from './hints'
import { LinkError, request } from './network'
import { Process } from './process'
import type { Random } from './random'
import type { Service } from './service'
import type { SimulatedStore } from './simulated-store'
import type { Witness } from './witness'
import type { World } from './world'

export interface WorkerOptions {
  world: World
  name: string
  create: typeof createRuntime
  witness: Witness
  store: SimulatedStore
  service: Service
  bank: Bank
  definitions: DefinitionStore
  ids: Ids
  /** From the beginning; else it joins later. */
  joined: boolean
}

/** The runtime's own process died, or could not be reached, while somebody waited for its answer. */
export class WorkerGone extends Error {
  override readonly name = 'WorkerGone'
}

/** How long a participant that was looked up is known. */
const KNOWN_MS = 5_000

const ASK_TIMEOUT_MS = 20_000

export class Worker {
  readonly #options: WorkerOptions
  readonly #random: Random
  #generation = 0
  /** The supervisor starts a process when there is none. */
  #isMember: boolean
  #process: Process | null = null
  #runtime: Runtime | null = null

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#random = options.world.random.fork(options.name)
    this.#isMember = options.joined
    if (options.joined) this.#boot()
  }

  get isMember(): boolean {
    return this.#isMember
  }

  get name(): string {
    return this.#options.name
  }

  get process(): Process | null {
    return this.#process
  }

  /** SIGKILL: everything in memory is lost. The supervisor starts the next process after a while. */
  kill(why: string): void {
    const { world, name } = this.#options
    if (!this.#process) return
    world.note(name, () => `ends: ${why}`)
    const dead = this.#process
    this.#process = null
    this.#runtime = null
    dead.kill()
    world.clock.after(world.healed ? 10 : this.#random.delay(400), () => this.#boot())
  }

  /** What its health endpoint says; null while it has no process. */
  health(): Health | null {
    return this.#runtime?.health() ?? null
  }

  join(): void {
    if (this.#isMember) return
    this.#isMember = true
    this.#boot()
  }

  /** For good, or until it joins again. */
  leave(): void {
    this.#isMember = false
    this.stop()
  }

  /** Its time of day is set. */
  setClock(): void {
    if (!this.#process) return
    this.#process.skewMs = this.#skewMs()
    this.#options.world.note(this.#process.name, () => `clock set to ${this.#process?.skewMs} ms`)
  }

  #skewMs(): number {
    const { skewMs } = this.#options.world.swarm
    return skewMs > 0 ? Math.round(this.#random.between(-skewMs, skewMs)) : 0
  }

  pause(ms: number): void {
    const { world, name } = this.#options
    const stopped = this.#process
    if (stopped?.state !== 'running') return
    world.note(name, () => `SIGSTOP for ${Math.round(ms)} ms`)
    stopped.pause()
    world.clock.after(ms, () => this.wake(stopped))
  }

  wake(stopped = this.#process): void {
    if (stopped?.state !== 'paused') return
    this.#options.world.note(this.#options.name, () => 'SIGCONT')
    stopped.resume()
  }

  /** SIGTERM: drains, then ends. */
  stop(): void {
    const { world, name } = this.#options
    const mine = this.#process
    const runtime = this.#runtime
    if (!mine || !runtime) return
    world.note(name, () => 'SIGTERM')
    mine.deliver(() => {
      void runtime.stop().then(
        () => this.#ended(mine, 'stopped'),
        (error: unknown) => this.#ended(mine, `stopped with ${error}`),
      )
    })
  }

  /** Cannot reach the database for a while. */
  cut(ms: number): void {
    const { world, name, store } = this.#options
    const mine = this.#process
    if (!mine) return
    world.note(name, () => `is cut off from the database for ${Math.round(ms)} ms`)
    store.server.cut.add(mine)
    world.clock.after(ms, () => store.server.cut.delete(mine))
  }

  /** Asks the runtime something from outside; rejects with WorkerGone when the process dies or does not answer. */
  ask<T>(verb: (runtime: Runtime) => Promise<T>): Promise<T> {
    const { clock } = this.#options.world
    return new Promise((resolve, reject) => {
      const [mine, runtime] = [this.#process, this.#runtime]
      if (!mine || !runtime) {
        clock.after(1, () => reject(new WorkerGone('refused')))
        return
      }
      const gone = () => {
        forget()
        cancel()
        reject(new WorkerGone('died'))
      }
      const forget = mine.onDeath(gone)
      const cancel = clock.after(ASK_TIMEOUT_MS, gone)
      const answered = (tell: () => void) => {
        forget()
        cancel()
        tell()
      }
      mine.deliver(() => {
        verb(runtime).then(
          (value) => answered(() => resolve(value)),
          (error: unknown) => answered(() => reject(error)),
        )
      })
    })
  }

  #boot(): void {
    const { world, name, create, store, ids } = this.#options
    const { swarm } = world
    if (this.#process || !this.#isMember) return
    const mine = new Process(
      `${name}.${++this.#generation}`,
      world.clock,
      this.#random,
      swarm.earlyMs,
    )
    mine.skewMs = this.#skewMs()
    this.#process = mine
    world.note(mine.name, () => 'boots')
    mine.deliver(() => {
      const runtime = create({
        store: store.connect(mine),
        definitions: this.#definitions(mine),
        participants: this.#participants(mine),
        callbackTokens,
        clock: mine.clock,
        ids,
        logger: this.#logger(mine),
        workerId: swarm.named ? name : mine.name,
        leaseMs: swarm.leaseMs,
        drainMs: swarm.drainMs,
        stopMs: swarm.stopMs,
        pollMs: swarm.pollMs,
        batchMax: swarm.batchMax,
        callsMax: swarm.callsMax,
        residentMax: swarm.residentMax,
        snapshotEvery: swarm.snapshotEvery,
        verdictMs: 4_000,
        ...(swarm.deaf === null ? {} : { wakeUps: openWakeUps(world, mine) }),
        ...(swarm.rejoins ? {} : { onFenced: () => this.#ended(mine, 'fenced') }),
      })
      this.#runtime = runtime
      runtime.start().catch((error: unknown) => this.#ended(mine, `could not start: ${error}`))
    })
  }

  #ended(mine: Process, why: string): void {
    // From within the process: not before what runs there has returned.
    this.#options.world.clock.after(0, () => {
      if (this.#process === mine) this.kill(why)
    })
  }

  /** Which services there are is in the database, and known for a while. */
  #participants(mine: Process): Participants {
    const { world, witness, store, service, bank } = this.#options
    const random = world.random.fork(`${mine.name} participants`)
    const remote: Participant = { call: (call, signal) => service.call(mine, call, signal) }
    const adapter = bank.open(mine)
    const local: Participant = {
      ...adapter,
      call(call, signal) {
        witness.calls(mine, call)()
        return adapter.call(call, signal)
      },
    }
    let knownUntil = 0
    return {
      async find(name) {
        if (name === 'bank') return local
        if (mine.clock.now() > knownUntil)
          await request({
            world,
            from: mine,
            server: store.server,
            faults: world.swarm.definitions,
            random,
            what: () => `participants.${name}`,
            run: async () => {},
          })
        knownUntil = mine.clock.now() + KNOWN_MS
        return remote
      },
    }
  }

  /** Definitions are in the database too. */
  #definitions(mine: Process): DefinitionStore {
    const { world, definitions, store } = this.#options
    const random = world.random.fork(`${mine.name} definitions`)
    const asking = <T>(what: string, run: () => Promise<T>) =>
      request({
        world,
        from: mine,
        server: store.server,
        faults: world.swarm.definitions,
        random,
        what: () => `definitions.${what}`,
        run,
      }).catch((error: unknown) => {
        if (!(error instanceof LinkError)) throw error
        throw new SagaError('UNAVAILABLE', `Could not read ${what}`, { outcomeUnknown: error.sent })
      })
    return {
      publish: (one) => definitions.publish(one),
      find: (name, version) => asking(name, () => definitions.find(name, version)),
      byDigest: (digest) => asking(digest.slice(0, 8), () => definitions.byDigest(digest)),
    }
  }

  #logger(mine: Process): Logger {
    const { world } = this.#options
    const log = (message: string, fields?: Record<string, unknown>) =>
      world.note(mine.name, () => `“${message}” ${fields?.error ?? ''}`)
    return { info: log, warn: log, error: log }
  }
}

const callbackTokens = {
  sign: (sagaId: string, call: string) => `${sagaId}|${call}`,
  verify(token: string) {
    const [sagaId, call] = token.split('|')
    return sagaId && call ? { sagaId, call } : null
  },
}
