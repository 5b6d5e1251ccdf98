/**
 * One simulation from one number: workers with their real code, on a virtual clock, a store and services that fail as the
 * seed says, people who start, steer and decide. Then the faults stop, everything must come to an end, and it is judged.
 *
 * The same seed gives the same run, event for event, on any machine.
 */
import { compileSaga } from '@/runtime/compiler/compile'
import { createRuntime } from '@/runtime/create-runtime'
import type { SagaDocument } from '@/runtime/definition/schema'
import { createMemoryStore } from '@/runtime/journal/memory-store'
import type { Ids } from '@/runtime/ports'
import { decide } from '@/runtime/saga/decide'
import { Bank } from './bank'
import { drawFamily, type Family, published } from './documents'
import { type Case, judge, type Rules } from './judge'
import { People } from './people'
import { Service } from './service'
import { SimulatedStore } from './simulated-store'
import type { Swarm } from './swarm'
import { Witness } from './witness'
import { Worker } from './worker'
import { type Violation, World } from './world'

/** What is under test: the product, or the product with a bug planted in it. */
export interface Subject extends Rules {
  createRuntime: typeof createRuntime
  createMemoryStore: typeof createMemoryStore
  Store: typeof SimulatedStore
}

export const PRODUCT: Subject = {
  createRuntime,
  createMemoryStore,
  decide,
  compileSaga: once(compileSaga),
  Store: SimulatedStore,
}

/** Judging compiles the same few documents again and again. */
export function once(compile: typeof compileSaga): typeof compileSaga {
  const known = new WeakMap<SagaDocument, ReturnType<typeof compileSaga>>()
  return (document) => {
    const compiled = known.get(document) ?? compile(document)
    known.set(document, compiled)
    return compiled
  }
}

export interface Run {
  seed: number
  simulatedSeconds: number
  faults: number
  sagas: number
  entries: number
  /** Shards that went from one worker to another, and statements that commits carried out. */
  moves: number
  statements: number
  /** How the sagas ended, and how many of each. */
  ends: Record<string, number>
  violations: Violation[]
  trace: string[] | null
}

/** How long after the last fault everything must have ended. */
const CONVERGE_MS = 120_000

export interface Options {
  traced?: boolean
  subject?: Subject
  /** What is not as the seed draws it. */
  swarm?: Partial<Swarm>
}

/** Runs one seed. */
export async function simulate(
  seed: number,
  { traced = false, subject = PRODUCT, swarm: given = {} }: Options = {},
): Promise<Run> {
  const world = new World(seed, traced, given)
  const { swarm, clock } = world
  world.note('world', () => JSON.stringify(swarm))
  const random = world.random.fork('world')
  const kinds = random.int(1, 2)
  const families: Family[] = Array.from({ length: kinds }, () => drawFamily(random, swarm.isWanted))
  const documents = new Map(families.flatMap(({ root, child }) => [root, child]).map(named))
  const definitions = published(documents.values())
  const witness = new Witness(world)
  const bank = new Bank(world)
  const store = new subject.Store({
    world,
    witness,
    bank,
    createInner: subject.createMemoryStore,
  })
  const service = new Service(world, witness, (token, outcome) => people.complete(token, outcome))
  const ids = countingIds()
  const workers = Array.from(
    { length: swarm.workers },
    (_, n) =>
      new Worker({
        world,
        name: `w${n}`,
        create: subject.createRuntime,
        witness,
        store,
        service,
        bank,
        definitions,
        ids,
        joined: n < swarm.workers - swarm.joins,
      }),
  )
  const people = new People(world, witness, service, workers)
  const roots = people.begin(families)
  wreak(world, store, workers)

  clock.after(swarm.chaosMs, () => {
    world.heal()
    for (const worker of workers) worker.wake()
    if (!workers.some((worker) => worker.isMember)) workers[0]?.join()
    store.server.down = false
    store.server.cut.clear()
  })
  const until = world.startedAt + swarm.chaosMs + CONVERGE_MS
  const caretaker = new Caretaker({ world, witness, store, service, people, roots })
  await clock.play({ until, turns: 1, isOver: () => caretaker.done })

  for (const worker of workers) world.note(worker.name, () => JSON.stringify(worker.health()))

  const documentOf = (name: string) => documents.get(name) as SagaDocument
  await judge({ world, store, service, bank, witness, people, rules: subject, documentOf, roots })
  const ends: Record<string, number> = {}
  for (const { status } of witness.sights.values()) ends[status] = (ends[status] ?? 0) + 1
  return {
    seed,
    simulatedSeconds: world.elapsedMs / 1000,
    faults: world.faults,
    sagas: witness.sights.size,
    entries: witness.entries,
    moves: witness.leases.moves,
    statements: bank.statements,
    ends,
    violations: world.violations,
    trace: world.lines,
  }
}

const named = (document: SagaDocument): [string, SagaDocument] => [document.name, document]

function countingIds(): Ids {
  let n = 0
  return { uuid: () => `00000000-0000-7000-8000-${String(++n).padStart(12, '0')}` }
}

/** Everything that happens to processes and to the database. */
function wreak(world: World, store: SimulatedStore, workers: readonly Worker[]): void {
  const { swarm, clock } = world
  const random = world.random.fork('wreak')
  const often = (count: number, happen: (worker: Worker) => void) => {
    for (let n = 0; n < count; n++) {
      const worker = random.pick(workers) as Worker
      clock.after(random.between(0, swarm.chaosMs), () => {
        if (world.healed) return
        world.faults++
        happen(worker)
      })
    }
  }
  often(swarm.kills, (worker) => worker.kill('SIGKILL'))
  often(swarm.pauses, (worker) => worker.pause(swarm.leaseMs * random.between(0.2, 2.5)))
  often(swarm.stops, (worker) => worker.stop())
  often(swarm.leaves, (worker) => {
    worker.leave()
    if (random.chance(0.6)) clock.after(random.between(500, 12_000), () => worker.join())
  })
  for (const worker of workers)
    if (!worker.isMember) clock.after(random.between(500, swarm.chaosMs * 0.7), () => worker.join())
  if (swarm.skewMs > 0) often(2, (worker) => worker.setClock())
  often(swarm.partitions, (worker) => worker.cut(swarm.leaseMs * random.between(0.1, 2)))
  often(swarm.restarts, () => {
    world.note('database', () => 'restarts')
    store.server.goDown()
    clock.after(random.between(10, 2_500), () => {
      store.server.down = false
    })
  })
}

/** Looks in once a second after the faults have stopped, until nothing is left to do. */
class Caretaker {
  done = false
  readonly #world: World
  readonly #witness: Witness
  readonly #store: SimulatedStore
  readonly #service: Service
  readonly #people: People
  readonly #roots: readonly string[]

  constructor({
    world,
    witness,
    store,
    service,
    people,
    roots,
  }: Omit<Case, 'rules' | 'documentOf' | 'bank'>) {
    this.#world = world
    this.#witness = witness
    this.#store = store
    this.#service = service
    this.#people = people
    this.#roots = roots
    world.clock.after(world.swarm.chaosMs + 500, () => void this.#look())
  }

  async #look(): Promise<void> {
    for (;;) {
      const open = [...this.#witness.sights.values()].filter(({ status }) => !ENDED.has(status))
      const waiting = await this.#store.waiting()
      const isStarted = this.#roots.every((id) => this.#people.started.has(id))
      if (open.length === 0 && waiting.length === 0 && isStarted && this.#service.callbacks === 0) {
        this.done = true
        return
      }
      for (const sight of open) void this.#people.tend(sight)
      await this.#world.sleep(1_000)
    }
  }
}

const ENDED = new Set(['COMPLETED', 'ROLLED_BACK', 'FAILED'])
