/**
 * Runs a few sagas on a seeded server, so that lists, run pages and the approvals inbox have something to show: each
 * published saga several times, one while a service fails, one paused, one cancelled.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { createTRPCClient, httpLink } from '@trpc/client'
import superjson from 'superjson'
import type { Json } from '@/runtime/ports'
import type { AppRouter } from '@/server/api/root'

const RUNS_EACH = 4
/** Long enough for calls to be made and timers of a few seconds to pass. */
const SETTLE_MS = 8_000

/** `cookie` is the session of somebody who may start and steer sagas. */
export async function runSomeSagas(origin: string, cookie: string, demoUrl: string): Promise<void> {
  const api = createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: `${origin}/api/trpc`,
        headers: { cookie, origin },
        transformer: superjson,
      }),
    ],
  })
  const { items: definitions } = await api.definitions.list.query({})
  const { items: ventures } = await api.ventures.list.query({})
  const start = async (name: string, version: number, place: number) => {
    const { document } = await api.definitions.version.query({ name, version })
    const input = sample(document.input ?? {})
    const ventureId = ventures[place % Math.max(1, ventures.length)]?.id ?? null
    const { sagaId } = await api.sagas.start.mutate({ definition: name, input, ventureId })
    return sagaId
  }
  const published = definitions.flatMap(({ name, version }) =>
    version === null ? [] : [{ name, version }],
  )
  for (const { name, version } of published)
    for (let run = 0; run < RUNS_EACH; run++) await start(name, version, run)

  const [first] = published
  if (!first) throw new Error('No saga is published')
  const paused = await start(first.name, first.version, 0)
  await api.sagas.pause.mutate({ sagaId: paused, reason: 'Waiting for the new budget' })
  await delay(SETTLE_MS)
  const cancelled = await start(first.name, first.version, 1)
  await failEverything(demoUrl, true)
  await start(first.name, first.version, 2)
  await api.sagas.cancel
    .mutate({ sagaId: cancelled, reason: 'The founders changed their mind' })
    .catch((error: Error) => console.log(`Not cancelled: ${error.message}`))
  await delay(SETTLE_MS)
  await failEverything(demoUrl, false)
}

/** The demo services' switches: fail the second operation of every service for good, or work again. */
async function failEverything(demoUrl: string, fail: boolean): Promise<void> {
  const url = `${demoUrl}/switches`
  if (!fail) {
    await fetch(url, { method: 'DELETE' })
    return
  }
  const body = JSON.stringify({ compliance: { '*': { failRate: 1, failKind: 'terminal' } } })
  const response = await fetch(url, { method: 'PUT', body })
  if (!response.ok) throw new Error(`The switches answered ${response.status}`)
}

interface Schema {
  type?: unknown
  properties?: unknown
  required?: unknown
  items?: unknown
  examples?: unknown
  default?: unknown
  enum?: unknown
  const?: unknown
  minimum?: unknown
}

/** An input that fits a JSON Schema of the kind sagas declare. */
export function sample(given: unknown): Json {
  const schema = (typeof given === 'object' && given !== null ? given : {}) as Schema
  if (Array.isArray(schema.examples) && schema.examples.length > 0) return schema.examples[0]
  if (schema.default !== undefined) return schema.default as Json
  if (schema.const !== undefined) return schema.const as Json
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return schema.enum[0]
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([key, value]) => [key, sample(value)]),
      )
    case 'array':
      return [sample(schema.items)]
    case 'string':
      return 'Solar Roofs Lisbon'
    case 'integer':
    case 'number':
      return Math.max(1000, Number(schema.minimum ?? 0))
    case 'boolean':
      return true
    default:
      return schema.properties ? sample({ ...schema, type: 'object' }) : {}
  }
}
