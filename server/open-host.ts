/**
 * The composition root: the real parts of a host, joined. The web server (boot.ts), the worker and the tests open one;
 * nothing else makes a database client, a store or a runtime.
 *
 * The runtime has clients of its own, so that a page's heavy query cannot keep sagas, and sagas cannot keep a lease
 * renewal, waiting for a connection.
 */
import { createRuntime, type Logger, systemClock, systemIds } from '@/runtime'
import { udpWakeUps } from '@/runtime/cluster/udp-wake-ups'
import { createCallbackTokens } from '@/runtime/participant/callback-token'
import { createParticipantRegistry } from '@/runtime/participant/registry'
import { createPostgresDefinitionStore } from '@/runtime/postgres/definition-store'
import { createPostgresStore } from '@/runtime/postgres/postgres-store'
import { createPrisma } from '@/runtime/postgres/prisma'
import type { Env } from './env'
import { startForgetter } from './forgetter'
import { compose, type Host } from './host'
import { type AddressKind, instanceAddress } from './instance-address'
import { instanceKeys } from './keys'
import { startProber } from './participant-prober'
import { participantSource } from './product/participants'
import { feedTail } from './realtime/feed-tail'
import { TextPool } from './texts/text-pool'
import { threadedExaminer } from './texts/threaded-examiner'

export interface OpenHost {
  host: Host
  /** Where participants deliver results that come later; null while nobody has said. */
  callbackAddress(): string | null
  /** Acquires shards and recovers; after it sagas run. One try: rejects with UNAVAILABLE, and may be called again. */
  start(): Promise<void>
  /** Ends streams, drains the runtime, closes sockets and connections. */
  stop(): Promise<void>
}

/** Calls under way get this long to end before the worker stops; what does not is performed again elsewhere. */
const STOP_MS = 2_000

/** A host on the environment's database. Connects on first use; nothing runs before `start`. */
export function openHost(
  env: Env,
  {
    log,
    onFenced,
    address: kind = 'own',
  }: { log: Logger; onFenced?: (error: unknown) => void; address?: AddressKind },
): OpenHost {
  const keys = instanceKeys(env)
  const db = createPrisma(env.DATABASE_URL, { poolMax: env.DATABASE_POOL })
  // A statement that hangs holds up every saga of this worker, a renewal that hangs costs its lease: bounded tightly.
  const runtimeDb = createPrisma(env.DATABASE_URL, { poolMax: 4, statementTimeoutMs: 10_000 })
  const leaseDb = createPrisma(env.DATABASE_URL, {
    poolMax: 2,
    connectTimeoutMs: 2_000,
    statementTimeoutMs: 2_500,
    queryTimeoutMs: 2_500,
  })
  const address = instanceAddress({ db, log, kind, own: env.NEXTAUTH_URL })
  const callbackTokens = createCallbackTokens(keys)
  const participants = createParticipantRegistry({
    source: participantSource(db, keys),
    callbackUrl(token) {
      const at = address.current()
      return at === null ? null : new URL(`/api/callback/${token}`, at).href
    },
    clock: systemClock,
    logger: log,
  })
  const texts = new TextPool(log)
  const runtime = createRuntime({
    store: createPostgresStore(runtimeDb, { leases: leaseDb }),
    definitions: createPostgresDefinitionStore(runtimeDb),
    participants,
    examiner: threadedExaminer(texts),
    callbackTokens,
    clock: systemClock,
    ids: systemIds,
    logger: log,
    stopMs: STOP_MS,
    backlogMaxMs: env.BACKLOG_MAX_MS,
    wakeUps: udpWakeUps(env.WORKER_HOST),
    ...(env.WORKER_ID === undefined ? {} : { workerId: env.WORKER_ID }),
    ...(onFenced ? { onFenced } : {}),
  })
  const host = compose({
    env,
    log,
    db,
    runtime,
    participants,
    keys,
    texts,
    feedTail: () => feedTail(db),
  })
  const prober = startProber({ db, participants, log, everyMs: env.PROBE_SECONDS * 1000 })
  const forgetter = startForgetter({ db, log })
  return {
    host,
    callbackAddress: () => address.current(),
    async start() {
      await address.open()
      await runtime.start()
    },
    async stop() {
      address.stop()
      host.close()
      prober.stop()
      forgetter.stop()
      await runtime.stop()
      await participants.close()
      await texts.close()
      await Promise.all([db.$disconnect(), runtimeDb.$disconnect(), leaseDb.$disconnect()])
    },
  }
}
