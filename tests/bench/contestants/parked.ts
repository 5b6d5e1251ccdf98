/**
 * What waiting costs: `count` sagas parked at a timer or a signal (half of them each), and what this process grows by; how
 * late a due one wakes among them. And what `concurrency` sagas cost that all have a call under way.
 *
 * Memory is taken after full collections, against the started runtime that has not run anything yet, so compiled code is in
 * it: the resident set, and the heap in use beside it, for V8 may meanwhile give back what loading the program had left
 * over. `busyMb` is the resident set at its highest while they are being parked, with all that is to be collected.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { SagaDocument } from '@/runtime'
import { action, saga } from '../../support/dry-run'
import { contest } from './contestant.mjs'
import { openRuntime } from './runtime'

const TOGETHER = 1_000
/** Sagas that are woken among the parked ones, by either means. */
const WOKEN = 100
/** Between two looks at the resident set. */
const SAMPLE_MS = 50
const FAR_AWAY = Date.UTC(2100, 0, 1)

await contest(async (task) => {
  const woke = new Map<string, number>()
  let release = () => {}
  let held = new Promise<void>((resolve) => {
    release = resolve
  })
  let holding = 0
  const runtime = await openRuntime(
    task.databaseUrl,
    {
      wake: (sagaId) => {
        // what an earlier run left under way is performed again here
        if (sagaId.startsWith(task.run)) woke.set(sagaId, Date.now())
        return null
      },
      hold: async () => {
        holding++
        await held
        return null
      },
    },
    documents(),
  )
  const sql = new pg.Client({ connectionString: task.databaseUrl })
  await sql.connect()
  const wrong: string[] = []
  const count = async (where: string) => {
    const { rows } = await sql.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM entity e JOIN saga_execution s ON s.saga_id = e.id
       WHERE e.id LIKE $1 AND ${where}`,
      [`${task.run}-%`],
    )
    return rows[0]?.count ?? 0
  }

  const park = async (name: string, from: number, to: number) => {
    for (let at = from; at < to; at += TOGETHER)
      await runtime.startMany(
        Array.from({ length: Math.min(TOGETHER, to - at) }, (_, n) => ({
          definition: (at + n) % 2 ? 'timed' : 'signalled',
          id: `${task.run}-${name}-${at + n}`,
          input: { until: FAR_AWAY },
        })),
      )
  }
  const hold = async (name: string, sagas: number) => {
    holding = 0
    held = new Promise((resolve) => {
      release = resolve
    })
    await runtime.startMany(
      Array.from({ length: sagas }, (_, n) => ({
        definition: 'active',
        id: `${task.run}-${name}-${n}`,
        input: {},
      })),
    )
    while (holding < sagas) await sleep(5)
  }

  const idle = await settled()
  const active = await growth(idle, () => hold('active', task.concurrency))
  if ((await count('e.active')) !== task.concurrency) wrong.push('not all active sagas are stored')
  release()
  while ((await count("s.status = 'RUNNING' AND s.saga_type = 'active'")) > 0) await sleep(20)

  const began = performance.now()
  let seconds = 0
  const waiting = await growth(idle, async () => {
    await park('parked', 0, task.count)
    seconds = (performance.now() - began) / 1000
  })
  const parked = await count("s.status = 'RUNNING'")
  if (parked !== task.count) wrong.push(`${parked} sagas are parked`)

  // further away than timers are kept in memory, so that they are found in the database
  const due = Date.now() + 6_000
  const dueIds = Array.from({ length: WOKEN }, (_, n) => `${task.run}-due-${n}`)
  await runtime.startMany(
    dueIds.map((id, n) => ({ definition: 'timed', id, input: { until: due + n * 20 } })),
  )
  const late: number[] = []
  const deadline = Date.now() + 60_000
  while (dueIds.some((id) => !woke.has(id)) && Date.now() < deadline) await sleep(20)
  dueIds.forEach((id, n) => {
    late.push((woke.get(id) ?? Number.POSITIVE_INFINITY) - (due + n * 20))
  })
  const signals: number[] = []
  for (let n = 0; n < WOKEN; n++) {
    const id = `${task.run}-parked-${Math.floor((n * task.count) / WOKEN / 2) * 2}`
    const sent = Date.now()
    await runtime.signal(id, 'go', null)
    while (!woke.has(id) && Date.now() < deadline) await sleep(1)
    signals.push((woke.get(id) ?? Number.POSITIVE_INFINITY) - sent)
  }
  if (Math.min(...late) < 0) wrong.push(`a saga woke ${-Math.min(...late)} ms early`)
  if (woke.size !== 2 * WOKEN) wrong.push(`${woke.size} sagas woke instead of ${2 * WOKEN}`)
  await runtime.stop()
  await sql.end()
  return {
    metrics: {
      parkedMb: waiting.residentMb,
      parkedHeapMb: waiting.heapMb,
      busyMb: waiting.highestMb,
      activeMb: active.residentMb,
      activeHeapMb: active.heapMb,
      parkedPerSecond: task.count / seconds,
      timerLateMaxMs: Math.max(...late),
      signalMaxMs: Math.max(...signals),
    },
    wrong,
  }
})

/** Megabytes. */
interface Memory {
  residentMb: number
  heapMb: number
}

async function settled(): Promise<Memory> {
  for (let n = 0; n < 5; n++) {
    globalThis.gc?.()
    await sleep(200) // V8 gives pages back a while after it has emptied them
  }
  const { rss, heapUsed } = process.memoryUsage()
  return { residentMb: rss / 1e6, heapMb: heapUsed / 1e6 }
}

/** Above `idle`: what is there afterwards, and the highest resident set on the way. */
async function growth(
  idle: Memory,
  run: () => Promise<void>,
): Promise<Memory & { highestMb: number }> {
  let highest = 0
  const look = () => {
    highest = Math.max(highest, process.memoryUsage.rss() / 1e6)
  }
  const looking = setInterval(look, SAMPLE_MS)
  await run()
  look()
  clearInterval(looking)
  const { residentMb, heapMb } = await settled()
  return {
    residentMb: residentMb - idle.residentMb,
    heapMb: heapMb - idle.heapMb,
    highestMb: highest - idle.residentMb,
  }
}

function documents(): SagaDocument[] {
  const call = (operation: string) =>
    action(operation, undefined, {
      participant: 'bench',
      operation,
      effect: 'retriable',
      compensation: undefined,
    })
  const wake = call('wake')
  return [
    saga({
      name: 'timed',
      start: 'sleep',
      steps: { sleep: { type: 'wait', until: 'input.until', next: 'wake' }, wake },
    }),
    saga({
      name: 'signalled',
      start: 'listen',
      steps: { listen: { type: 'signal', signal: 'go', next: 'wake' }, wake },
    }),
    saga({ name: 'active', start: 'hold', steps: { hold: call('hold') } }),
  ]
}
