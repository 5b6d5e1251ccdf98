/**
 * What an HTTP answer means for the saga. A table, no effects:
 *
 * | answer                                        | outcome                                                     |
 * |-----------------------------------------------|-------------------------------------------------------------|
 * | 202                                           | pending: the result comes by callback                       |
 * | other 2xx, JSON or empty                      | ok                                                          |
 * | other 2xx, not storable JSON, cut off, huge   | unknown: it happened, but what came of it is lost           |
 * | 408, 425, 429                                 | retryable, with Retry-After                                 |
 * | other 4xx                                     | terminal, with the body's code and message                  |
 * | 5xx with `{"kind": "retryable"}`              | retryable                                                   |
 * | other 5xx, 3xx                                | unknown                                                     |
 * | nothing, and nothing was sent                 | retryable; a refused address or URL is terminal             |
 * | nothing, though it was sent                   | unknown                                                     |
 *
 * An outcome speaks of this attempt only. When an earlier attempt with the same key was in doubt, a later refusal
 * does not take that doubt away; that is the saga's to remember.
 */
import type { StepFailure } from '../errors'
import type { Outcome } from '../journal/entry'
import { ADDRESS_REFUSED } from './address-guard'
import type { Exchange } from './http-exchange'
import { failureMessage } from './participant-errors'
import { parseStorable } from './storable-json'
import { failureBodySchema } from './wire'

const RETRYABLE_STATUSES = new Set([408, 425, 429])
const RETRY_AFTER_MS_MAX = 86_400_000

/** `now` resolves a Retry-After that is a date. */
export function toOutcome(exchange: Exchange, now: number): Outcome {
  if (!exchange.answered) return notAnswered(exchange)
  const { status } = exchange
  if (status === 202) return { pending: true }
  if (status >= 200 && status < 300) return result(exchange)
  const said = failureBody(exchange.body)
  const failure = (kind: StepFailure['kind'], what: string): Outcome => {
    const retryAfterMs =
      kind === 'retryable' ? (said.retryAfterMs ?? retryAfter(exchange.headers, now)) : undefined
    return {
      ok: false,
      kind,
      code: said.code ?? `HTTP_${status}`,
      message: failureMessage(said.message ?? what),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }
  }
  if (RETRYABLE_STATUSES.has(status)) return failure('retryable', `The service answered ${status}`)
  if (status >= 400 && status < 500) return failure('terminal', `The service answered ${status}`)
  if (status >= 500 && said.kind === 'retryable')
    return failure('retryable', `The service answered ${status}`)
  if (status >= 500)
    return failure('unknown', `The service answered ${status}; it may have done the work`)
  return failure(
    'unknown',
    `The service answered ${status}; redirects are not followed: register the address it points to`,
  )
}

function notAnswered(exchange: Extract<Exchange, { answered: false }>): Outcome {
  const code = /^[A-Z][A-Z0-9_]{0,63}$/.test(exchange.code) ? exchange.code : 'CONNECTION_LOST'
  const refused = exchange.code === ADDRESS_REFUSED
  return {
    ok: false,
    kind: exchange.sent ? 'unknown' : refused ? 'terminal' : 'retryable',
    code,
    message: failureMessage(
      exchange.sent ? `${exchange.message}; the work may have been done` : exchange.message,
    ),
  }
}

function result(exchange: Extract<Exchange, { answered: true }>): Outcome {
  const bad = (code: string, why: string): Outcome => ({
    ok: false,
    kind: 'unknown',
    code,
    message: `The service answered ${exchange.status}, but its result cannot be used: ${why}`,
  })
  if (exchange.body === null)
    return exchange.bodyProblem === 'too-large'
      ? bad('ANSWER_TOO_LARGE', 'it is too large')
      : bad('CONNECTION_LOST', 'the connection was lost before its end')
  const parsed = parseStorable(exchange.body)
  return parsed.ok ? { ok: true, output: parsed.value } : bad('BAD_ANSWER', parsed.reason)
}

function failureBody(body: string | null) {
  const json = parseStorable(body ?? '')
  const parsed = failureBodySchema.safeParse(json.ok ? json.value : null)
  return parsed.success ? parsed.data : {}
}

/** RFC 9110 §10.2.3: seconds or a date. Undefined when absent or not understood. */
function retryAfter(
  headers: Record<string, string | string[] | undefined>,
  now: number,
): number | undefined {
  const value = [headers['retry-after']].flat()[0]?.trim()
  if (!value) return undefined
  const ms = /^[0-9]+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_MS_MAX)
}
