/**
 * Finds the participant for a name: functions that the embedder gave, and stored ones that a `ParticipantSource`
 * loads (the database, in the server). Keeps one adapter, with its sockets, per stored participant.
 *
 * 1. A stored participant is looked up again after `ttlMs`, at once after `invalidate`; its adapter is replaced only
 *    when its `revision` changed, and the old one finishes the calls it has.
 * 2. When the source is away, the last known participant is used; without one the error goes to the caller.
 * 3. A disabled participant answers `retryable`, one that cannot be called (bad URL or secret) `terminal`: nothing is sent.
 * 4. A function hides a stored participant of the same name.
 */
import type { StepFailure } from '../errors'
import type { Clock, Logger } from '../ports'
import { createFunctionParticipant, type FunctionOperations } from './function-participant'
import { type HealthSample, type HealthState, recordSample, UNKNOWN_HEALTH } from './health'
import {
  createHttpParticipant,
  type HttpParticipant,
  type HttpParticipantConfig,
} from './http-participant'
import type { Participant, Participants } from './participant'
import { failureMessage } from './participant-errors'

export interface StoredParticipant {
  name: string
  /** Changes whenever anything else here does. */
  revision: string
  disabled: boolean
  endpointUrl: string
  healthUrl: string | null
  secrets: readonly string[]
  allowPrivateNetwork: boolean
  timeoutMs: number
}

export interface ParticipantSource {
  /** Undefined: nobody registered it. Throws when it cannot tell. */
  load(name: string): Promise<StoredParticipant | undefined>
}

export interface ParticipantRegistry extends Participants {
  /** Forget what is known of one participant, or of all: the next `find` asks the source. */
  invalidate(name?: string): void
  /** Calls the health URL now, if there is one. */
  probe(name: string): Promise<HealthState>
  /** What this process has seen of it. */
  health(name: string): HealthState
  close(): Promise<void>
}

export interface RegistryConfig {
  functions?: Record<string, FunctionOperations>
  source?: ParticipantSource
  callbackUrl?: (token: string) => string | null
  /** Default 5 s. */
  ttlMs?: number
  /** Sockets per HTTP participant; see HttpParticipantConfig. */
  connections?: number
  clock: Clock
  logger?: Logger
}

interface Known {
  loadedAt: number
  revision: string | null
  participant: Participant | undefined
  http: HttpParticipant | null
}

/** Names kept at once; the one asked for least recently goes first. */
const KNOWN_MAX = 1_000

export function createParticipantRegistry(config: RegistryConfig): ParticipantRegistry {
  const { clock, source } = config
  const ttlMs = config.ttlMs ?? 5_000
  const known = new Map<string, Known>()
  const loading = new Map<string, Promise<Known>>()
  const healths = new Map<string, HealthState>()
  let invalidations = 0
  const sample = (name: string, one: Parameters<typeof recordSample>[1]) =>
    healths.set(name, recordSample(healths.get(name) ?? UNKNOWN_HEALTH, one))

  const functions = new Map<string, Participant>()
  for (const [name, operations] of Object.entries(config.functions ?? {})) {
    const onSample = (one: HealthSample) => sample(name, one)
    functions.set(name, createFunctionParticipant({ name, operations, clock, onSample }))
  }

  const remember = (name: string, entry: Known): Known => {
    known.delete(name)
    known.set(name, entry)
    for (const [oldest, old] of known) {
      if (known.size <= KNOWN_MAX) break
      known.delete(oldest)
      healths.delete(oldest)
      void old.http?.close()
    }
    return entry
  }

  const load = async (name: string): Promise<Known> => {
    const old = known.get(name)
    const before = invalidations
    let stored: StoredParticipant | undefined
    try {
      stored = await source?.load(name)
    } catch (error) {
      if (!old) throw error
      config.logger?.warn('Participants cannot be loaded; the last known is used', { name, error })
      return remember(name, { ...old, loadedAt: clock.now() })
    }
    // what was read before an invalidation may be old already: it serves those who wait for it, and nobody after them
    const loadedAt = before === invalidations ? clock.now() : -Infinity
    if (stored && old?.revision === stored.revision) return remember(name, { ...old, loadedAt })
    void old?.http?.close()
    return remember(name, { loadedAt, ...adapterOf(stored, config, sample) })
  }

  const entry = async (name: string): Promise<Known> => {
    const cached = known.get(name)
    if (cached && clock.now() - cached.loadedAt < ttlMs) return cached
    const running = loading.get(name)
    if (running) return running
    const started = load(name).finally(() => loading.delete(name))
    loading.set(name, started)
    return started
  }

  return {
    find(name) {
      return functions.get(name) ?? entry(name).then(({ participant }) => participant)
    },
    invalidate(name) {
      invalidations++
      for (const [key, value] of known)
        if (name === undefined || key === name) known.set(key, { ...value, loadedAt: -Infinity })
    },
    async probe(name) {
      if (!functions.has(name)) await (await entry(name)).http?.probe()
      return healths.get(name) ?? UNKNOWN_HEALTH
    },
    health: (name) => healths.get(name) ?? UNKNOWN_HEALTH,
    async close() {
      const open = [...known.values()]
      known.clear()
      await Promise.all(open.map((one) => one.http?.close()))
    },
  }
}

function adapterOf(
  stored: StoredParticipant | undefined,
  config: RegistryConfig,
  sample: (name: string, one: Parameters<typeof recordSample>[1]) => void,
): Omit<Known, 'loadedAt'> {
  if (!stored) return { revision: null, participant: undefined, http: null }
  const { name, revision } = stored
  if (stored.disabled) {
    const message = `Participant ${name} is disabled; enable it on the participants page`
    const participant = refusing({ kind: 'retryable', code: 'PARTICIPANT_DISABLED', message })
    return { revision, participant, http: null }
  }
  try {
    const httpConfig: HttpParticipantConfig = {
      name,
      endpointUrl: stored.endpointUrl,
      healthUrl: stored.healthUrl,
      secrets: stored.secrets,
      allowPrivateNetwork: stored.allowPrivateNetwork,
      timeoutMs: stored.timeoutMs,
      clock: config.clock,
      onSample: (one) => sample(name, one),
      ...(config.callbackUrl ? { callbackUrl: config.callbackUrl } : {}),
      ...(config.connections === undefined ? {} : { connections: config.connections }),
    }
    const http = createHttpParticipant(httpConfig)
    return { revision, participant: http, http }
  } catch (error) {
    const message = failureMessage(error instanceof Error ? error.message : String(error))
    const participant = refusing({ kind: 'terminal', code: 'PARTICIPANT_INVALID', message })
    return { revision, participant, http: null }
  }
}

function refusing(failure: StepFailure): Participant {
  return { call: async () => ({ ok: false, ...failure }) }
}
