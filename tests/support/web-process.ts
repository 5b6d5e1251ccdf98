/**
 * The web part as a process without its pages: what instrumentation.ts starts, behind the routes of app/api, on PORT.
 * Answers from before the start until the process ends, as Next does.
 */
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import * as callback from '@/app/api/callback/[token]/route'
import * as health from '@/app/api/health/route'
import * as trpc from '@/app/api/trpc/[trpc]/route'
import { boot } from '@/server/boot'

await boot()

createServer(async (incoming, outgoing) => {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const request = new Request(`http://${incoming.headers.host}${incoming.url}`, {
    method: incoming.method ?? 'GET',
    headers: new Headers(incoming.headers as Record<string, string>),
    ...(incoming.method === 'POST' ? { body: Buffer.concat(chunks) } : {}),
  })
  const pathname = new URL(request.url).pathname
  // as Next: what a handler throws is a 500 without a body
  const response = await answer(request, pathname).catch(() => new Response(null, { status: 500 }))
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  if (response.body) Readable.fromWeb(response.body as never).pipe(outgoing)
  else outgoing.end()
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening'))

async function answer(request: Request, pathname: string): Promise<Response> {
  const [, token] = /^\/api\/callback\/(.+)$/.exec(pathname) ?? []
  if (token) return callback.POST(request, { params: Promise.resolve({ token }) })
  if (pathname === '/api/health') return health.GET()
  return trpc.GET(request)
}
