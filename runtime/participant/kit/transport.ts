/**
 * The two faces of the kit, Node's http and fetch-style, reduced to one: a request whose raw body can be read up to a
 * bound, and an answer. Bodies stay bytes, because the signature is over bytes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface KitRequest {
  method: string
  /** Without the query. */
  path: string
  header: (name: string) => string | null
  /** Reads no more than `bytesMax`. Rejects when the connection breaks. */
  body: (bytesMax: number) => Promise<Uint8Array | 'too-large'>
}

export interface KitAnswer {
  status: number
  headers?: Record<string, string>
  body: string
}

/** An oversized body is drained up to this, so that its sender gets to read the 413; then the socket is closed. */
const DRAIN_BYTES_MAX = 16_000_000

export function readNode(request: IncomingMessage): KitRequest {
  return {
    method: request.method ?? 'GET',
    path: (request.url ?? '/').replace(/[?#].*$/, ''),
    header: (name) => {
      const value = request.headers[name]
      return (Array.isArray(value) ? value[0] : value) ?? null
    },
    body: (bytesMax) =>
      new Promise((resolve, reject) => {
        // Who was let wait before the handler may have gone, or somebody else has read the body: no event would come.
        if (request.destroyed || request.readableEnded)
          return reject(
            new Error('The connection closed, or the body was read, before the handler'),
          )
        const chunks: Buffer[] = []
        let size = 0
        request.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size <= bytesMax) chunks.push(chunk)
          else if (size > Math.max(DRAIN_BYTES_MAX, bytesMax)) request.destroy()
        })
        request.on('end', () => resolve(size <= bytesMax ? Buffer.concat(chunks) : 'too-large'))
        request.on('error', reject)
        request.on('close', () => reject(new Error('The connection closed before the body ended')))
      }),
  }
}

export function writeNode(response: ServerResponse, answer: KitAnswer): void {
  response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
  response.end(answer.body)
}

export function readWeb(request: Request): KitRequest {
  return {
    method: request.method,
    path: new URL(request.url).pathname,
    header: (name) => request.headers.get(name),
    async body(bytesMax) {
      const chunks: Uint8Array[] = []
      let size = 0
      const reader = request.body?.getReader()
      for (;;) {
        const part = await reader?.read()
        if (!part || part.done) return Buffer.concat(chunks)
        size += part.value.length
        if (size > bytesMax) {
          await reader?.cancel()
          return 'too-large'
        }
        chunks.push(part.value)
      }
    },
  }
}

export function writeWeb(answer: KitAnswer): Response {
  const headers = { 'content-type': 'application/json', ...answer.headers }
  return new Response(answer.body, { status: answer.status, headers })
}
