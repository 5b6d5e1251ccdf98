/**
 * A participant that is an HTTP service: one signed POST per attempt to `<endpoint>/<operation>`. The wire is
 * wire.ts's, the sockets are http-exchange.ts's, the meaning of an answer is http-answer.ts's; here they meet.
 *
 * 1. A call never throws: whatever goes wrong becomes an outcome.
 * 2. Calls and sockets are bounded; one call more than `callsMax` is refused as retryable before anything is sent.
 * 3. Redirects and proxies are not followed, addresses are guarded at the socket (address-guard.ts).
 */
import type { Agent } from 'undici'
import { SagaError } from '../errors'
import type { Outcome } from '../journal/entry'
import type { Clock } from '../ports'
import { parseWebhookSecret, signWebhook } from '../security/webhook-signature'
import { OUTPUT_BYTES_MAX } from '../storable'
import { endpointProblem } from './address-guard'
import { callSample, type HealthSample } from './health'
import { toOutcome } from './http-answer'
import { createAgent, exchange } from './http-exchange'
import type { Participant, ParticipantCall } from './participant'
import { failureMessage } from './participant-errors'
import { type CallBody, headerText, webhookId } from './wire'

export interface HttpParticipantConfig {
  name: string
  /** Operations are appended to its path. */
  endpointUrl: string
  healthUrl?: string | null
  /** `whsec_…`; every request is signed with all of them, so that a secret can be rotated without a gap. */
  secrets: readonly string[]
  /** Opens loopback and private networks, and plain http. Default false. */
  allowPrivateNetwork?: boolean
  /** The longest wait for an answer, whatever the step allows; longer work answers 202. Default 30 s. */
  timeoutMs?: number
  /** Sockets to this participant. Default 32. */
  connections?: number
  /** Calls under way or waiting for a socket. Default 2,000. */
  callsMax?: number
  /** The absolute URL that takes the outcome of a call; no callbacks are offered without it, or when it is null. */
  callbackUrl?: (token: string) => string | null
  clock: Clock
  onSample?: (sample: HealthSample) => void
}

export interface HttpParticipant extends Participant {
  /** GETs the health URL: any 2xx within five seconds is healthy. Null when there is no health URL. */
  probe(signal?: AbortSignal): Promise<HealthSample | null>
  /** Takes no more calls and resolves when those under way have ended. */
  close(): Promise<void>
}

const PROBE_TIMEOUT_MS = 5_000
const USER_AGENT = 'sagawright'

/** Throws INVALID_INPUT for an endpoint that may not be called or a secret that is none. */
export function createHttpParticipant(config: HttpParticipantConfig): HttpParticipant {
  const allowPrivateNetwork = config.allowPrivateNetwork ?? false
  const endpoint = checkedUrl(config.name, config.endpointUrl, { allowPrivateNetwork })
  const healthUrl = config.healthUrl
    ? checkedUrl(config.name, config.healthUrl, { allowPrivateNetwork, query: true })
    : null
  const keys = secretKeys(config)
  const connections = config.connections ?? 32
  const agent: Agent = createAgent({ allowPrivateNetwork, connections })
  const basePath = endpoint.pathname.replace(/\/+$/, '')
  const timeoutMs = config.timeoutMs ?? 30_000
  const callsMax = config.callsMax ?? 2_000
  const { clock } = config
  let calls = 0

  const perform = async (call: ParticipantCall, signal: AbortSignal): Promise<Outcome> => {
    const now = clock.now()
    if (call.deadline <= now)
      return failed('unknown', 'TIMEOUT', 'The deadline had passed before the call could be made')
    const callback = config.callbackUrl?.(call.callbackToken)
    const payload = JSON.stringify(bodyOf(call, callback))
    const request = {
      method: 'POST' as const,
      path: `${basePath}/${encodeURIComponent(call.operation)}`,
      headers: {
        ...headersOf(call, callback),
        ...signWebhook({
          id: webhookId(call.sagaId, call.call),
          atSeconds: now / 1000,
          payload,
          keys,
        }),
      },
      body: payload,
      timeoutMs: Math.min(timeoutMs, call.deadline - now),
      bytesMax: OUTPUT_BYTES_MAX,
    }
    const outcome = toOutcome(
      await exchange(agent, endpoint.origin, request, signal, clock),
      clock.now(),
    )
    return 'pending' in outcome && callback === null ? NO_CALLBACK : outcome
  }

  return {
    concurrency: connections,

    async call(call, signal) {
      if (calls >= callsMax)
        return failed(
          'retryable',
          'OVERLOADED',
          `${config.name} already has ${callsMax} calls under way (callsMax)`,
        )
      calls++
      const startedAt = clock.now()
      const outcome = await perform(call, signal).catch((error: unknown) =>
        // an exchange never rejects: the call could not be written down, and nothing was sent
        failed('terminal', 'BAD_CALL', error instanceof Error ? error.message : String(error)),
      )
      calls--
      if (!signal.aborted)
        config.onSample?.(callSample(outcome, startedAt, clock.now() - startedAt))
      return outcome
    },

    async probe(signal = new AbortController().signal) {
      if (!healthUrl) return null
      const at = clock.now()
      const result = await exchange(
        agent,
        healthUrl.origin,
        {
          method: 'GET',
          path: healthUrl.pathname + healthUrl.search,
          headers: { accept: 'application/json', 'user-agent': USER_AGENT },
          timeoutMs: PROBE_TIMEOUT_MS,
          bytesMax: 64 * 1024,
        },
        signal,
        clock,
      )
      const ok = result.answered && result.status >= 200 && result.status < 300
      const error = result.answered
        ? `The health check answered ${result.status}`
        : `${result.code}: ${result.message}`
      const sample: HealthSample = {
        at,
        latencyMs: clock.now() - at,
        ok,
        ...(ok ? {} : { error: failureMessage(error) }),
        source: 'probe',
      }
      if (!signal.aborted) config.onSample?.(sample)
      return sample
    },

    close: () => agent.close(),
  }
}

function checkedUrl(
  name: string,
  text: string,
  options: { allowPrivateNetwork: boolean; query?: boolean },
): URL {
  const problem = endpointProblem(text, options)
  if (problem === null) return new URL(text)
  throw new SagaError(
    'INVALID_INPUT',
    `Participant ${name} cannot be called at ${text}: ${problem}`,
    {
      participant: name,
    },
  )
}

function secretKeys(config: HttpParticipantConfig): Buffer[] {
  try {
    if (config.secrets.length > 0) return config.secrets.map(parseWebhookSecret)
  } catch (cause) {
    throw new SagaError('INVALID_INPUT', `Participant ${config.name}: ${String(cause)}`, {}, cause)
  }
  throw new SagaError('INVALID_INPUT', `Participant ${config.name} has no secret: create one`)
}

/** To wait until the call's time is up would hide for minutes what is known at once. */
const NO_CALLBACK = failed(
  'unknown',
  'NO_CALLBACK_ADDRESS',
  'The service answered 202, but this worker knows no address for its result: start the web part once, or set NEXTAUTH_URL for the worker',
)

function bodyOf(call: ParticipantCall, callback: string | null | undefined): CallBody {
  return {
    sagaId: call.sagaId,
    step: call.step,
    operation: call.operation,
    kind: call.kind,
    attempt: call.attempt,
    input: call.input ?? null,
    key: call.key,
    ...(call.undoes === undefined ? {} : { undoes: call.undoes }),
    deadline: new Date(call.deadline).toISOString(),
    ...(callback ? { callback } : {}),
  }
}

function headersOf(call: ParticipantCall, callback: string | null | undefined) {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': USER_AGENT,
    'idempotency-key': headerText(call.key),
    traceparent: call.traceparent,
    'saga-deadline': new Date(call.deadline).toISOString(),
  }
  if (call.undoes !== undefined) headers['saga-undoes'] = headerText(call.undoes)
  if (callback) headers['saga-callback'] = callback
  return headers
}

function failed(
  kind: 'terminal' | 'retryable' | 'unknown',
  code: string,
  message: string,
): Outcome {
  return { ok: false, kind, code, message: failureMessage(message) }
}
