/**
 * What goes over the wire between the runtime and a participant: one POST per operation to `<endpoint>/<operation>`.
 * http-participant.ts writes it, kit/ reads it, and so may a service in any other language.
 *
 * The body is signed and is all that counts. The headers repeat parts of it for gateways, logs and generic
 * idempotency filters; a signature covers no header but its own, so a receiver must not act on the others alone:
 * somebody who recorded a request could send it again under another `Idempotency-Key`.
 */
import { z } from 'zod'
import type { Outcome } from '../journal/entry'
import { parseStorable } from './storable-json'

const text = z.string().min(1).max(4096)

export const callBodySchema = z.object({
  sagaId: text,
  step: text,
  operation: text,
  kind: z.enum(['action', 'compensation']),
  attempt: z.int().min(1),
  input: z.unknown(),
  /** The idempotency key: the same for every attempt of one logical step. */
  key: text,
  /** The key of the forward call that a compensation undoes. */
  undoes: text.optional(),
  /** ISO 8601; after it the runtime counts the call as in doubt. */
  deadline: z.iso.datetime(),
  /** Where to POST the outcome after a 202. */
  callback: z.url().max(16_384).optional(),
})
export type CallBody = z.infer<typeof callBodySchema>

/** What a 4xx or 5xx may say. Anything that does not fit is replaced by the status. */
export const failureBodySchema = z.object({
  /** Read with a 5xx only: `retryable` promises that nothing happened. */
  kind: z.enum(['terminal', 'retryable', 'unknown']).optional().catch(undefined),
  code: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,63}$/)
    .optional()
    .catch(undefined),
  message: z.string().optional().catch(undefined),
  retryAfterMs: z.int().min(0).max(86_400_000).optional().catch(undefined),
})

const failureCode = z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/)

/** The body of a callback: the outcome of a call that was answered with 202. */
export const callbackBodySchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), output: z.unknown().optional() }),
  z.object({
    ok: z.literal(false),
    kind: z.enum(['terminal', 'retryable', 'unknown']),
    code: failureCode,
    message: z.string().max(2000),
  }),
])

/** The outcome in a callback's body, or what is wrong with it. Bounded like any other answer. */
export function parseCallback(
  body: string,
): { ok: true; outcome: Outcome } | { ok: false; reason: string } {
  const json = parseStorable(body)
  if (!json.ok) return json
  const parsed = callbackBodySchema.safeParse(json.value)
  if (!parsed.success)
    return { ok: false, reason: `it is not an outcome: ${z.prettifyError(parsed.error)}` }
  const outcome: Outcome = parsed.data.ok
    ? { ok: true, output: parsed.data.output ?? null }
    : parsed.data
  return { ok: true, outcome }
}

/** Ids and keys may hold any character; header values may not. One to one, so equal keys stay equal. */
export function headerText(value: string): string {
  return encodeURIComponent(value).replaceAll('%3A', ':').replaceAll('%2F', '/')
}

/** The id of one attempt of one saga's call, without full stops (Standard Webhooks forbids them). */
export function webhookId(sagaId: string, call: string): string {
  return `${headerText(sagaId)}:${headerText(call)}`.replaceAll('.', '%2E')
}
