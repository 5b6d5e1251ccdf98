/**
 * The load of a chaos run: keeps a population of sagas alive, sends the signals that they wait for, and decides at their
 * gates. It starts few at a time and all the time, so that every fault meets sagas at every place.
 *
 * 1. What was not acknowledged is sent again; what was acknowledged never is. So a saga that stays behind was lost.
 * 2. It is no worker: all that it does reaches the sagas through the database.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { openHost } from '@/server/open-host'
import { NAME, type Pace, SIGNAL } from './chaos-saga'

export interface LoadOptions {
  /** So many at least in all. */
  sagas: number
  /** So many alive at any time. */
  population: number
  /** Starts per second at most. */
  perSecond: number
  /** How long a saga waits for its signal, at most; evenly spread. For a time none waits longer than TIMER_MAX_MS. */
  waitMaxMs: number
  /** The part of them that wait for a signal, and the part that wait for a time; the rest go through. */
  signalled: number
  timed: number
  seed: number
  random: () => number
}

export interface Load {
  ids: readonly string[]
  /** Resolves when the population has been reached for the first time, or is as large as this machine can make it. */
  full: Promise<void>
  /** Started and not at an end, as last counted. */
  readonly alive: number
  /** Starts no more than the total that was asked for, sends what signals are left, and resolves when it has. */
  finish(): Promise<void>
  /** At once, whatever is open. */
  stop(): void
  /** Rejects when the load cannot go on. */
  broken: Promise<never>
}

type Host = ReturnType<typeof openHost>['host']
type Entity = { id: string; at: number }

const TICK_MS = 100
const TIMER_MAX_MS = 30_000
/** A population that has not been reached so long after it could have been is not waited for. */
const FILL_MS = 300_000
/** Signals and decisions under way at once. */
const OPEN_MAX = 200

export function startLoad({ db, runtime }: Host, options: LoadOptions): Load {
  const { sagas, population, perSecond, waitMaxMs, signalled, timed, seed, random } = options
  const began = performance.now()
  const ids: string[] = []
  const signals: Entity[] = []
  const open = new Set<string>()
  let alive = 0
  let finishing = false
  let stopped = false
  let reached = () => {}
  let fail = (_error: unknown) => {}
  const full = new Promise<void>((resolve) => {
    reached = resolve
  })
  const broken = new Promise<never>((_, reject) => {
    fail = reject
  })
  broken.catch(() => {})

  const isStopped = () => stopped
  const done = () => finishing && ids.length >= sagas && signals.length === 0 && open.size === 0

  async function start(count: number): Promise<void> {
    const waiting: Entity[] = []
    let requests = Array.from({ length: count }, () => {
      const id = `chaos-${seed}-${ids.length}`
      ids.push(id)
      const drawn = random()
      const pace: Pace =
        drawn < signalled ? 'signal' : drawn < signalled + timed ? 'timer' : 'quick'
      const longest = pace === 'signal' ? waitMaxMs : Math.min(waitMaxMs, TIMER_MAX_MS)
      const at = Date.now() + random() * longest
      if (pace === 'signal') waiting.push({ id, at })
      const input = {
        name: `Venture ${id}`,
        venture: `venture-${id}`,
        gate: random() < 0.3,
        pace,
        until: Math.round(at),
      }
      return { definition: NAME, id, input }
    })
    while (requests.length > 0) {
      // Starting an id again is harmless, so a start whose fate is unknown is simply repeated.
      const answers = await persist(() => runtime.startMany(requests), isStopped)
      requests = requests.filter((_, n) => 'error' in (answers[n] ?? {}))
      if (requests.length > 0) await sleep(500)
    }
    // Not before: a saga that does not exist refuses its signal.
    signals.push(...waiting)
  }

  async function count(): Promise<void> {
    const ended = await persist(
      () => db.sagaExecution.count({ where: { sagaType: NAME, completedAt: { not: null } } }),
      isStopped,
    )
    alive = ids.length - ended
    const late = performance.now() - began > FILL_MS + (population / perSecond) * 1000
    if (alive >= population * 0.9 || late) reached()
  }

  async function starting(): Promise<void> {
    let allowed = 0
    let last = performance.now()
    while (!stopped) {
      await count()
      const now = performance.now()
      allowed = Math.min(allowed + (perSecond * (now - last)) / 1000, perSecond)
      last = now
      const wanted = finishing
        ? Math.min(population - alive, sagas - ids.length)
        : population - alive
      const some = Math.max(0, Math.min(Math.floor(allowed), wanted))
      allowed -= some
      if (some > 0) await start(some)
      await sleep(TICK_MS)
    }
  }

  /** Each by itself: one that waits for a worker that is gone must not hold up the others. */
  function perform(key: string, run: () => Promise<unknown>): void {
    if (open.has(key) || open.size >= OPEN_MAX) return
    open.add(key)
    void run()
      .catch(() => {}) // refused, for the saga went another way, or stored and not yet taken
      .finally(() => open.delete(key))
  }

  async function signalling(): Promise<void> {
    while (!stopped) {
      const now = Date.now()
      const due = signals.filter(({ at }) => at <= now || finishing).slice(0, OPEN_MAX - open.size)
      for (const one of due) {
        signals.splice(signals.indexOf(one), 1)
        perform(`signal:${one.id}`, () =>
          runtime.signal(one.id, SIGNAL, null).catch((error) => {
            if (!isStored(error)) signals.push(one)
          }),
        )
      }
      await sleep(TICK_MS)
    }
  }

  /** The Chairman: CONTINUE most of the time, ABORT now and then. */
  async function deciding(): Promise<void> {
    while (!stopped) {
      const gates = await db.gate
        .findMany({ where: { status: 'OPEN' }, orderBy: { openedAt: 'asc' }, take: OPEN_MAX })
        .catch(() => [])
      for (const { id, sagaId, step } of gates)
        perform(`gate:${id}`, async () => {
          const { seq } = await runtime.previewDecision(sagaId, step)
          await runtime.decide({
            sagaId,
            step,
            decision: random() < 0.7 ? 'CONTINUE' : 'ABORT',
            reasoning: 'chaos',
            seenSeq: seq,
            by: { kind: 'user', id: 'chairman', name: 'Chairman' },
          })
        })
      await sleep(TICK_MS)
    }
  }

  for (const part of [starting, signalling, deciding]) part().catch(fail)
  return {
    ids,
    full,
    broken,
    get alive() {
      return alive
    },
    async finish() {
      finishing = true
      while (!stopped && !done()) await sleep(TICK_MS)
    },
    stop() {
      stopped = true
    },
  }
}

/** The message is in the database, or came too late for its saga. */
function isStored(error: unknown): boolean {
  const { code, details } = error as { code?: string; details?: Record<string, unknown> }
  return code !== 'UNAVAILABLE' || details?.messageId !== undefined
}

/** Until it succeeds, or nobody wants it any more: the database may be away just now. */
export async function persist<T>(
  run: () => Promise<T>,
  isUnwanted: () => boolean = () => false,
): Promise<T> {
  for (let tries = 0; ; tries++)
    try {
      return await run()
    } catch (error) {
      if (tries > 300 || isUnwanted()) throw error
      await sleep(200)
    }
}
