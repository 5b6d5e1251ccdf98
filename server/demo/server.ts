/**
 * The demo services behind one port: `/<service>/<operation>` (the kit), `/health`, `/switches` (JSON), and a page for
 * people at `/`. Everything it keeps is in the schema `demo`, which it creates.
 *
 * The services are as real as any: they verify signatures, keep an inbox, commit effects. Only the switches are not,
 * and they act outside of what they disturb: on the connection, or as an operation's own refusal.
 */
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Pool } from 'pg'
import { inboxSql, type Operation } from '@/runtime/participant/kit/inbox'
import {
  createParticipantHandler,
  type ParticipantHandler,
  pending,
  RetryableError,
  TerminalError,
} from '@/runtime/participant/kit/participant-handler'
import { readNode, writeNode } from '@/runtime/participant/kit/transport'
import { type DemoService, EFFECT_SQL, inboxTable } from './service'
import { DEMO_SERVICES } from './services/all'
import { recentEffects, switchFromForm, switchPage } from './switch-page'
import { loadSwitches, SWITCH_SQL, type Switches, switchesSchema } from './switches'

export interface DemoServer {
  url: string
  switches: Switches
  /** Takes no new requests, ends those under way, within five seconds. The pool stays the caller's. */
  stop(): Promise<void>
}

const STOP_MS = 5_000
const SETTINGS_BYTES_MAX = 100_000

/** Creates what is missing in the schema `demo` and listens. `port` 0 takes a free one. */
export async function startDemoServer(options: {
  pool: Pool
  secrets: readonly string[]
  port: number
  /** Default 127.0.0.1: the switches ask nobody who they are. */
  host?: string
  onError?: (error: unknown) => void
}): Promise<DemoServer> {
  const { pool } = options
  await createTables(pool)
  const switches = await loadSwitches(pool)
  const handlers = new Map<string, ParticipantHandler>()
  for (const service of DEMO_SERVICES) {
    const handler = createParticipantHandler({
      secrets: options.secrets,
      store: pool,
      table: inboxTable(service.name),
      operations: switchable(service, switches),
      ...(options.onError ? { onError: options.onError } : {}),
    })
    handler.callbacks.start()
    handlers.set(service.name, handler)
  }

  const stopping = new AbortController()
  const server = http.createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      options.onError?.(error)
      if (response.headersSent) response.destroy()
      else json(response, 500, { code: 'FAILED', message: 'The demo server failed; see its log' })
    })
  })

  const route = async (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? '/').replace(/[?#].*$/, '')
    const [, first = '', second = ''] = path.split('/')
    const handler = handlers.get(first)
    if (handler) return serve(request, response, { service: first, operation: second, handler })
    if (path === '/health') return health(pool, response)
    if (path === '/switches') return control(request, response)
    if (path === '/' && request.method === 'GET')
      return html(response, switchPage(switches.all(), await recentEffects(pool)))
    json(response, 404, { code: 'NOT_FOUND', message: `There is nothing at ${path}` })
  }

  const serve = async (
    request: IncomingMessage,
    response: ServerResponse,
    to: { service: string; operation: string; handler: ParticipantHandler },
  ) => {
    if (request.method !== 'POST')
      return writeNode(response, await to.handler.handle(readNode(request)))
    const fault = await switches.request(to.service, to.operation)
    if (fault.delayMs > 0)
      await delay(fault.delayMs, undefined, { signal: stopping.signal }).catch(() => {})
    if (fault.loseRequest) return request.socket.destroy()
    const answer = await to.handler.handle(readNode(request))
    if (fault.loseReply) return request.socket.destroy()
    writeNode(response, answer)
  }

  const control = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.method === 'GET') return json(response, 200, switches.all())
    // a page of another site must not flip switches on this machine
    const site = request.headers['sec-fetch-site']
    if (site !== undefined && site !== 'same-origin' && site !== 'none')
      return json(response, 403, { code: 'FORBIDDEN', message: 'Not from another site' })
    if (request.method === 'DELETE') {
      await switches.reset()
      return json(response, 200, {})
    }
    if (request.method !== 'PUT' && request.method !== 'POST')
      return json(response, 405, { code: 'METHOD_NOT_ALLOWED', message: 'GET, PUT or DELETE' })
    const body = await readNode(request).body(SETTINGS_BYTES_MAX)
    if (body === 'too-large')
      return json(response, 413, { code: 'TOO_LARGE', message: 'Too large' })
    const text = Buffer.from(body).toString('utf8')
    const form = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')
    if (form && new URLSearchParams(text).get('action') === 'reset') await switches.reset()
    else {
      const parsed = switchesSchema.safeParse(form ? switchFromForm(text) : parseJson(text))
      if (!parsed.success)
        return json(response, 400, { code: 'BAD_REQUEST', issues: parsed.error.issues })
      await switches.set(parsed.data)
    }
    if (!form) return json(response, 200, switches.all())
    response.writeHead(303, { location: '/' }).end()
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host ?? '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${options.host ?? '127.0.0.1'}:${port}`,
    switches,
    async stop() {
      stopping.abort()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const late = setTimeout(() => server.closeAllConnections(), STOP_MS)
      await closed
      clearTimeout(late)
      await Promise.all([...handlers.values()].map((handler) => handler.callbacks.stop()))
    },
  }
}

async function createTables(pool: Pool): Promise<void> {
  const client = await pool.connect()
  try {
    // two processes that create the same table at once disturb each other even with IF NOT EXISTS
    await client.query("SELECT pg_advisory_lock(hashtext('sagawright.demo'))")
    await client.query('CREATE SCHEMA IF NOT EXISTS demo')
    await client.query(EFFECT_SQL + SWITCH_SQL)
    for (const service of DEMO_SERVICES)
      await client.query(service.sql + inboxSql(inboxTable(service.name)))
  } finally {
    await client.query("SELECT pg_advisory_unlock(hashtext('sagawright.demo'))")
    client.release()
  }
}

/** The operations of a service, each asking its switches whether to fail or to answer later. */
function switchable(service: DemoService, switches: Switches): Record<string, Operation> {
  const wrapped = Object.entries(service.operations).map(
    ([name, operation]): [string, Operation] => [
      name,
      async (input, context) => {
        const { fail, respond202Ms } = await switches.run(service.name, name)
        const message = `${service.title}: ${operation.title} is switched to fail`
        if (fail === 'terminal') throw new TerminalError('SWITCHED_TO_FAIL', message)
        if (fail === 'retryable') throw new RetryableError('SWITCHED_TO_FAIL', message)
        if (fail === 'unknown') throw new Error(message)
        const output = await operation.run(input, context)
        return respond202Ms === null ? output : pending({ output, afterMs: respond202Ms })
      },
    ],
  )
  return Object.fromEntries(wrapped)
}

async function health(pool: Pool, response: ServerResponse): Promise<void> {
  try {
    await pool.query('SELECT 1')
    json(response, 200, { status: 'UP', services: DEMO_SERVICES.map((service) => service.name) })
  } catch {
    json(response, 503, { status: 'DOWN' })
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function html(response: ServerResponse, body: string): void {
  response
    .writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    })
    .end(body)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
