/**
 * The switches that make the demo services fail, slow down and lose replies. Kept in `demo.switch`, so they
 * outlive a restart; one process serves, so the counters are counted down here and written through.
 *
 * - `failNext` / `failRate`: the operation fails with `failKind`; a terminal one is remembered for its key, as any is.
 * - `delayMs`: before anything else.
 * - `loseRequestNext` / `loseRequestRate`: the connection breaks before the work.
 * - `loseReplyNext` / `loseReplyRate`: the work is done, then the connection breaks.
 * - `respond202Ms`: the work is done, the answer is 202, and the result comes by callback after this long.
 *
 * The operation `*` stands for every operation of a service that has no switches of its own.
 */
import type { Pool } from 'pg'
import { z } from 'zod'
import { DEMO_SERVICES } from './services/all'

const count = z.int().min(0).max(1_000_000).default(0)
const rate = z.number().min(0).max(1).default(0)
const delay = z.int().min(0).max(3_600_000)

export const switchSchema = z.strictObject({
  failNext: count,
  failRate: rate,
  failKind: z.enum(['terminal', 'retryable', 'unknown']).default('terminal'),
  delayMs: delay.default(0),
  loseRequestNext: count,
  loseRequestRate: rate,
  loseReplyNext: count,
  loseReplyRate: rate,
  respond202Ms: delay.nullable().default(null),
})
export type Switch = z.infer<typeof switchSchema>

/** Service → operation (or `*`) → its switches. PUT replaces those named and leaves the others. */
export const switchesSchema = z
  .record(z.string(), z.record(z.string(), switchSchema))
  .superRefine((value, context) => {
    for (const [service, operations] of Object.entries(value))
      for (const operation of Object.keys(operations))
        if (!isOperation(service, operation))
          context.addIssue({
            code: 'custom',
            path: [service, operation],
            message: `There is no operation ${service}.${operation}`,
          })
  })
export type SwitchesInput = z.infer<typeof switchesSchema>

/** What one call meets. */
export interface Fault {
  delayMs: number
  loseRequest: boolean
  loseReply: boolean
}

export interface Switches {
  all(): SwitchesInput
  set(change: SwitchesInput): Promise<void>
  reset(): Promise<void>
  /** What happens to the next request of this operation; uses up one of each counter. */
  request(service: string, operation: string): Promise<Fault>
  /** How the operation itself ends, asked only when it runs (a replayed answer does not fail again). */
  run(
    service: string,
    operation: string,
  ): Promise<{ fail: Switch['failKind'] | null; respond202Ms: number | null }>
}

export const SWITCH_SQL = `
CREATE TABLE IF NOT EXISTS demo.switch (
  service   text NOT NULL,
  operation text NOT NULL,
  settings  jsonb NOT NULL,
  PRIMARY KEY (service, operation)
);
`
export const SWITCH_OFF: Switch = switchSchema.parse({})

/** Reads what was set before. */
export async function loadSwitches(pool: Pool): Promise<Switches> {
  const settings = new Map<string, Switch>()
  const { rows } = await pool.query<{ service: string; operation: string; settings: unknown }>(
    'SELECT service, operation, settings FROM demo.switch',
  )
  for (const row of rows) {
    const parsed = switchSchema.safeParse(row.settings)
    if (parsed.success && isOperation(row.service, row.operation))
      settings.set(`${row.service}/${row.operation}`, parsed.data)
  }

  const save = async (id: string, value: Switch) => {
    const [service, operation] = id.split('/')
    await pool.query(
      `INSERT INTO demo.switch (service, operation, settings) VALUES ($1, $2, $3)
       ON CONFLICT (service, operation) DO UPDATE SET settings = excluded.settings`,
      [service, operation, JSON.stringify(value)],
    )
  }
  const idOf = (service: string, operation: string): string =>
    settings.has(`${service}/${operation}`) ? `${service}/${operation}` : `${service}/*`
  /** Decides the named faults of one call and uses up their counters. */
  const take = async <F extends 'fail' | 'loseRequest' | 'loseReply'>(id: string, faults: F[]) => {
    const before = settings.get(id) ?? SWITCH_OFF
    let after = before
    const happens = new Set<F>()
    for (const fault of faults) {
      if (after[`${fault}Next`] > 0) {
        after = { ...after, [`${fault}Next`]: after[`${fault}Next`] - 1 }
        happens.add(fault)
      } else if (after[`${fault}Rate`] > 0 && Math.random() < after[`${fault}Rate`])
        happens.add(fault)
    }
    if (after !== before) {
      settings.set(id, after)
      await save(id, after)
    }
    return { settings: after, happens }
  }

  return {
    all() {
      const all: SwitchesInput = {}
      for (const [id, value] of settings) {
        const [service = '', operation = ''] = id.split('/')
        all[service] = { ...all[service], [operation]: value }
      }
      return all
    },
    async set(change) {
      for (const [service, operations] of Object.entries(change))
        for (const [operation, value] of Object.entries(operations)) {
          settings.set(`${service}/${operation}`, value)
          await save(`${service}/${operation}`, value)
        }
    },
    async reset() {
      settings.clear()
      await pool.query('DELETE FROM demo.switch')
    },
    async request(service, operation) {
      const taken = await take(idOf(service, operation), ['loseRequest', 'loseReply'])
      return {
        delayMs: taken.settings.delayMs,
        loseRequest: taken.happens.has('loseRequest'),
        loseReply: taken.happens.has('loseReply'),
      }
    },
    async run(service, operation) {
      const taken = await take(idOf(service, operation), ['fail'])
      return {
        fail: taken.happens.has('fail') ? taken.settings.failKind : null,
        respond202Ms: taken.settings.respond202Ms,
      }
    },
  }
}

function isOperation(service: string, operation: string): boolean {
  const found = DEMO_SERVICES.find((one) => one.name === service)
  return found !== undefined && (operation === '*' || Object.hasOwn(found.operations, operation))
}
