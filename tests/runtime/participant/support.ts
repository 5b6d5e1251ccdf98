/** What the participant tests share: calls to make, and real HTTP servers on loopback to make them to. */
import { setMaxListeners } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { ParticipantCall } from '../../../runtime/participant/participant'

let calls = 0

/** A call with five seconds to live and ids of its own. */
export function callOf(change: Partial<ParticipantCall> = {}): ParticipantCall {
  const sagaId = change.sagaId ?? `saga-${process.pid}-${++calls}`
  return {
    sagaId,
    call: 'step:1',
    step: 'step',
    kind: 'action',
    attempt: 1,
    operation: 'work',
    input: {},
    key: `${sagaId}:step`,
    deadline: Date.now() + 5_000,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    callbackToken: 'token',
    ...change,
  }
}

/** A signal that nobody aborts. */
export const never = new AbortController().signal
setMaxListeners(0, never)

/** Serves until the test has ended. */
export async function serve(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ url: string; port: number; server: http.Server }> {
  const server = http.createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, server }
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
