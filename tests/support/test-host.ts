/**
 * A real host on a database of its own in the tests' cluster: real store, runtime and policies, and the API on a
 * loopback port. What a test needs of people, keys and definitions is made here by the shortest way.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { ReadableStream as WebStream } from 'node:stream/web'
import { encode } from 'next-auth/jwt'
import pg from 'pg'
import { completeByCallback } from '@/server/api/callback'
import { createContext } from '@/server/api/context'
import { handleApi } from '@/server/api/http'
import { createCaller } from '@/server/api/root'
import type { Role } from '@/server/auth/permissions'
import { readEnv } from '@/server/env'
import { createLogger } from '@/server/log'
import { openHost } from '@/server/open-host'
import { deploy } from '../../server/launch/migrate.mjs'

export const SECRET = 'a secret of at least thirty-two characters'
export const ORIGIN = 'http://127.0.0.1:3400'

export type TestHost = Awaited<ReturnType<typeof openTestHost>>

/**
 * Opens and starts one; `env` overrides, `run: false` leaves the runtime standing, `shared` takes the database of that
 * address instead of making one.
 */
export async function openTestHost(
  url: string,
  {
    env = {},
    run = true,
    shared = false,
  }: { env?: Record<string, string>; run?: boolean; shared?: boolean } = {},
) {
  const databaseUrl = shared ? url : await createDatabase(url)
  const lines: string[] = []
  const opened = openHost(
    readEnv({
      NODE_ENV: 'test',
      DATABASE_URL: databaseUrl,
      NEXTAUTH_URL: ORIGIN,
      NEXTAUTH_SECRET: SECRET,
      PROBE_SECONDS: '0',
      ...env,
    }),
    { log: createLogger({ json: true, write: (line) => lines.push(line) }) },
  )
  const { host } = opened
  if (run) await opened.start()
  const web = await serve(async (request, pathname) => {
    const [, token] = /^\/api\/callback\/(.+)$/.exec(pathname) ?? []
    return token ? completeByCallback(host, request, token) : handleApi(host, request)
  })

  const cookieFor = async (userId: string, since = Date.now() / 1000) => {
    const token = await encode({ token: { uid: userId, since }, secret: SECRET })
    return `next-auth.session-token=${token}`
  }
  const headersFor = async (userId: string) => new Headers({ cookie: await cookieFor(userId) })

  return {
    host,
    databaseUrl,
    url: web.url,
    /** Breaks every open connection to the API. */
    cut: web.cut,
    /** What was logged so far, as JSON lines. */
    lines,
    cookieFor,
    /** A new person with these roles. */
    async person(...roles: Role[]) {
      const id = randomUUID()
      const email = `${id}@example.com`
      return host.db.user.create({ data: { id, email, name: `P ${id.slice(0, 8)}`, roles } })
    },
    /** Calls procedures as somebody with these headers; without, signed out. */
    async callWith(headers: Headers, signal?: AbortSignal) {
      const context = await createContext(host, { headers })
      return createCaller(context, signal ? { signal } : {})
    },
    async as(user: { id: string }, signal?: AbortSignal) {
      return this.callWith(await headersFor(user.id), signal)
    },
    async stop() {
      await web.stop()
      await opened.stop()
    },
  }
}

async function createDatabase(clusterUrl: string): Promise<string> {
  const name = `t_${randomUUID().replaceAll('-', '')}`
  const admin = new pg.Client({ connectionString: clusterUrl })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  await admin.end()
  const url = new URL(clusterUrl)
  url.pathname = `/${name}`
  await deploy(url.href)
  return url.href
}

/** A loopback HTTP server on web requests and responses, streams included. */
export async function serve(handle: (request: Request, pathname: string) => Promise<Response>) {
  const server = createServer(async (incoming, outgoing) => {
    const gone = new AbortController()
    outgoing.on('close', () => gone.abort())
    const response = await handle(toRequest(incoming, gone.signal), incoming.url ?? '/')
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    if (!response.body) return outgoing.end()
    const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0])
    outgoing.on('close', () => body.destroy())
    body.on('error', () => outgoing.destroy())
    body.pipe(outgoing)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    /** Breaks every open connection, as a restart does. */
    cut: () => server.closeAllConnections(),
    async stop() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers))
    headers.set(name, Array.isArray(value) ? value.join(', ') : (value ?? ''))
  const body = incoming.method === 'GET' || incoming.method === 'HEAD' ? null : incoming
  return new Request(`http://${incoming.headers.host}${incoming.url}`, {
    method: incoming.method ?? 'GET',
    headers,
    signal,
    // not Readable.toWeb: in Node 20 it throws outside any promise when the reader gives up early
    ...(body ? { body: WebStream.from(body), duplex: 'half' } : {}),
  } as RequestInit)
}
