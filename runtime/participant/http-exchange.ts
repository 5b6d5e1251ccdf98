/**
 * One HTTP request and its answer, on undici's dispatcher: bounded in time and size, and exact about the one thing
 * that `fetch` does not tell: whether anything was sent. What an answer means is http-answer.ts's.
 *
 * 1. `sent` is false only when no byte of the request left this process, and none will.
 * 2. No redirect is followed, no proxy variable is read, no address is used that the guard did not see.
 * 3. The body is read up to `bytesMax`, then the socket is closed.
 * 4. It settles at the deadline or the abort at the latest, whatever the other side does.
 */
import { isIP } from 'node:net'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import type { Clock } from '../ports'
import { addressProblem, guardedLookup, refusal } from './address-guard'

/** A socket that takes longer than this to open is given up; nothing was sent then. */
const CONNECT_TIMEOUT_MS = 10_000
const TIMER_MS_MAX = 2 ** 31 - 1

export interface ExchangeRequest {
  method: 'POST' | 'GET'
  path: string
  headers: Record<string, string>
  body?: string
  /** Milliseconds from now. */
  timeoutMs: number
  bytesMax: number
}

export type Exchange =
  | {
      answered: true
      status: number
      headers: Record<string, string | string[] | undefined>
      /** Null when it was too large, or when the connection broke before its end. */
      body: string | null
      bodyProblem?: 'too-large' | 'lost'
    }
  | { answered: false; sent: boolean; code: string; message: string }

/** The sockets to one participant. No proxy, no cookies, no credentials but those in the request. */
export function createAgent(options: { allowPrivateNetwork: boolean; connections: number }): Agent {
  const connect = buildConnector({
    lookup: guardedLookup(options.allowPrivateNetwork),
    timeout: CONNECT_TIMEOUT_MS,
  })
  return new Agent({
    connections: options.connections,
    pipelining: 1,
    // the deadline of each request is what ends it; these only stop a socket that fell silent for ever
    headersTimeout: 3_600_000,
    bodyTimeout: 60_000,
    connect(to, callback) {
      const problem = isIP(to.hostname)
        ? addressProblem(to.hostname, options.allowPrivateNetwork)
        : null
      if (problem === null) connect(to, callback)
      else callback(refusal(problem), null)
    },
  })
}

/** Never rejects. */
export function exchange(
  agent: Agent,
  origin: string,
  request: ExchangeRequest,
  signal: AbortSignal,
  clock: Clock,
): Promise<Exchange> {
  return new Promise((settle) => {
    let sent = false
    let done = false
    let controller: Dispatcher.DispatchController | undefined
    let status = 0
    let headers: Record<string, string | string[] | undefined> = {}
    const chunks: Buffer[] = []
    let size = 0

    const finish = (result: Exchange) => {
      if (done) return
      done = true
      cancelTimer()
      signal.removeEventListener('abort', onAbort)
      settle(result)
    }
    const answered = (bodyProblem?: 'too-large' | 'lost'): Exchange =>
      bodyProblem === undefined
        ? { answered: true, status, headers, body: Buffer.concat(chunks).toString('utf8') }
        : { answered: true, status, headers, body: null, bodyProblem }
    const stop = (code: string, message: string) => {
      finish(status > 0 ? answered('lost') : { answered: false, sent, code, message })
      controller?.abort(new Error(message))
    }
    const onAbort = () => stop('ABORTED', 'The call was abandoned by its caller')
    const cancelTimer = clock.after(Math.min(Math.max(request.timeoutMs, 0), TIMER_MS_MAX), () =>
      stop('TIMEOUT', `No answer within ${request.timeoutMs} ms`),
    )
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) return onAbort()

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        controller = started
        // it waited in the queue until after its end: it must not go out now
        if (done) return started.abort(new Error('The call has ended'))
        sent = true
      },
      onResponseStart(_, statusCode, received) {
        if (statusCode < 200) return
        status = statusCode
        headers = received
      },
      onResponseData(current, chunk) {
        size += chunk.length
        if (size <= request.bytesMax) chunks.push(chunk)
        else {
          finish(answered('too-large'))
          current.abort(new Error(`The answer is larger than ${request.bytesMax} bytes`))
        }
      },
      onResponseEnd: () => finish(answered()),
      onResponseError(_, error) {
        if (status > 0) finish(answered('lost'))
        else finish({ answered: false, sent, ...reasonOf(error) })
      },
    }
    try {
      agent.dispatch(
        {
          origin,
          path: request.path,
          method: request.method,
          headers: request.headers,
          body: request.body ?? null,
        },
        handler,
      )
    } catch (error) {
      finish({ answered: false, sent, ...reasonOf(error) })
    }
  })
}

function reasonOf(error: unknown): { code: string; message: string } {
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  const text = error instanceof Error && error.message ? error.message : code || String(error)
  return { code: code || 'CONNECTION_LOST', message: text }
}
