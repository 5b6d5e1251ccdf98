/**
 * What one process is made of: database client, runtime, participants, and what the API needs beside them.
 *
 * 1. There is one host per process, on `globalThis`: Next evaluates this module three times (instrumentation, route
 *    handlers, pages), and all three must meet the same runtime.
 * 2. For the same reason nothing here is recognised by class or by module-level state.
 * 3. `compose` joins given parts and starts nothing; boot.ts makes the real ones and starts them.
 */
import type { PrismaClient } from '@/prisma/generated/client'
import type { ParticipantRegistry } from '@/runtime/participant/registry'
import type { Logger } from '@/runtime/ports'
import type { Runtime } from '@/runtime/runtime'
import type { SecretKeys } from '@/runtime/security/secret-key'
import { ApiKeys } from './auth/api-keys'
import { People } from './auth/people'
import { SignInLimit } from './auth/sign-in-limit'
import type { Env } from './env'
import { DefinitionChecks } from './product/definition-checks'
import { EntityWatch } from './realtime/entity-watch'
import { FeedPump } from './realtime/feed-pump'
import type { TextPool } from './texts/text-pool'

export interface HostParts {
  env: Env
  log: Logger
  db: PrismaClient
  runtime: Runtime
  participants: ParticipantRegistry
  keys: SecretKeys
  /** Where people's texts are read. */
  texts: TextPool
  /** Where a feed starts that has seen nothing yet: after everything it shows by now. */
  feedTail: () => Promise<string>
}

export interface Starting {
  /** Unix milliseconds. */
  since: number
  /** What it waits for, in words fit for everybody's eyes; null while nothing is in the way. */
  reason: string | null
}

export interface Host extends HostParts {
  people: People
  apiKeys: ApiKeys
  signInLimit: SignInLimit
  checks: DefinitionChecks
  watch: EntityWatch
  feed: FeedPump
  /** Aborts when the process is about to stop: ends every open stream. */
  closing: AbortSignal
  /** Why this process does not work yet; null once it does, or when nobody waits for it. */
  starting: Starting | null
  /** Counts a request in, so that `idle` knows of it. */
  working<T>(work: () => Promise<T>): Promise<T>
  /** Resolves when no request is being answered. */
  idle(): Promise<void>
  /** Ends the streams; what was given to `compose` is its maker's to stop. */
  close(): void
}

/** A host on given parts. */
export function compose(parts: HostParts): Host {
  const { db, runtime, log, texts, feedTail } = parts
  const closing = new AbortController()
  const watch = new EntityWatch({ db, runtime, log })
  const feed = new FeedPump({ runtime, tail: feedTail, log })
  const atWork = new Set<Promise<unknown>>()
  return {
    ...parts,
    people: new People(db),
    apiKeys: new ApiKeys(db),
    signInLimit: new SignInLimit(),
    checks: new DefinitionChecks(db, texts),
    watch,
    feed,
    closing: closing.signal,
    starting: null,
    working(work) {
      const done = work()
      const entry = done.catch(() => {}).finally(() => atWork.delete(entry))
      atWork.add(entry)
      return done
    },
    async idle() {
      while (atWork.size > 0) await Promise.all(atWork)
    },
    close() {
      closing.abort(new DOMException('The server is stopping', 'AbortError'))
      watch.close()
      feed.close()
    },
  }
}

const KEY = Symbol.for('sagawright.host')
const globals = globalThis as { [KEY]?: Host }

/** This process's host; throws before boot.ts has started it. */
export function theHost(): Host {
  const host = globals[KEY]
  if (!host) throw new Error('The server has not started: instrumentation.ts did not run')
  return host
}

/** Null when none was started in this process, as in `next build`. */
export const hostIfStarted = (): Host | null => globals[KEY] ?? null

export function setHost(host: Host): void {
  globals[KEY] = host
}
