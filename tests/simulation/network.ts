/**
 * A request and its reply between a process and a server, with everything that can go wrong between the two. All is drawn
 * when the request is made, so that what happens later does not depend on who else draws.
 */
import type { Process } from './process'
import type { Random } from './random'
import type { LinkFaults } from './swarm'
import type { World } from './world'

/** The connection failed. `sent` false: nothing left the caller. True: the request may have been carried out. */
export class LinkError extends Error {
  readonly sent: boolean
  constructor(sent: boolean) {
    super(sent ? 'connection lost' : 'connection refused')
    this.sent = sent
  }
}

/** A server that can be restarted: all its connections break, and for a while it takes no new ones. */
export class Server {
  down = false
  era = 0
  /** Processes that cannot reach it now. */
  readonly cut = new Set<Process>()

  goDown(): void {
    this.down = true
    this.era++
  }
}

export interface Request<T> {
  world: World
  from: Process
  server: Server
  faults: LinkFaults
  random: Random
  what: () => string
  /** `late`: the caller was told before that the connection is lost. */
  run: (late: boolean) => Promise<T>
}

/** Settles in the calling process, with the server's answer or a LinkError; never when that process dies first. */
export function request<T>(asked: Request<T>): Promise<T> {
  const { world, from, server, faults, random, what, run } = asked
  const { clock } = world
  const time = () =>
    random.chance(faults.slow)
      ? random.between(0, faults.slowMs)
      : faults.latencyMs * random.between(0.1, 2)
  const there = time()
  const back = time()
  const roll = random.next()
  const lateMs = random.between(0, 3_000)
  const fate = drawFate(faults, roll)
  const { era } = server
  const broken = () => server.era !== era || server.cut.has(from)

  return new Promise<T>((resolve, reject) => {
    const fail = (delayMs: number, sent: boolean) => {
      world.faults++
      clock.after(delayMs, () => from.deliver(() => reject(new LinkError(sent))))
    }
    if (fate === 'refused' || server.down || server.cut.has(from)) {
      world.note(from.name, () => `${what()} (refused)`)
      fail(there, false)
      return
    }
    world.note(from.name, () => `${what()}${fate === 'carried out' ? '' : ` (${fate})`}`)
    clock.after(there, () => {
      if (fate === 'lost before' || broken()) return fail(back, true)
      if (fate === 'lost during') {
        fail(back, true)
        clock.after(back + lateMs, () => {
          if (server.era === era) void run(true).catch(() => {})
        })
        return
      }
      const answer = (told: () => void) => {
        if (fate === 'lost after') return fail(back, true)
        clock.after(back, () => {
          if (broken()) return fail(0, true)
          from.deliver(told)
        })
      }
      run(false).then(
        (value) => answer(() => resolve(value)),
        (error: unknown) => answer(() => reject(error)),
      )
    })
  })
}

type Fate = 'refused' | 'lost before' | 'lost after' | 'lost during' | 'carried out'

function drawFate({ refused, lostBefore, lostAfter, lostDuring }: LinkFaults, roll: number): Fate {
  const rates: [Fate, number][] = [
    ['refused', refused],
    ['lost before', lostBefore],
    ['lost after', lostAfter],
    ['lost during', lostDuring],
  ]
  let sum = 0
  for (const [fate, rate] of rates) {
    sum += rate
    if (roll < sum) return fate
  }
  return 'carried out'
}
