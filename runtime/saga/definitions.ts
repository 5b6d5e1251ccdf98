/**
 * Compiled definitions by digest: compiled once per process, kept for as long as the cache has room.
 *
 * The newest version of a name is asked of the store once per NEWEST_MS, however many sagas start in that time: a version
 * published by another process is started at most that much later, one published by this process at once (`published`).
 */
import { type CompiledSaga, compileSaga } from '../compiler/compile'
import type { DefinitionStore } from '../definition/definition-store'
import { SagaError } from '../errors'
import type { DefinitionRef } from '../journal/entry'
import type { Clock } from '../ports'

/** Compiled machines, and names, kept at once; the oldest goes first. */
const KEPT_MAX = 500
const NEWEST_MS = 100

export interface NamedSaga {
  ref: DefinitionRef
  saga: CompiledSaga
}

interface Asked {
  at: number
  found: Promise<NamedSaga | undefined>
}

export class Definitions {
  readonly #store: DefinitionStore
  readonly #clock: Clock
  readonly #compiled = new Map<string, CompiledSaga>()
  readonly #asked = new Map<string, Asked>()

  constructor(store: DefinitionStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** What was compiled here already. */
  known(digest: string): CompiledSaga | undefined {
    return this.#compiled.get(digest)
  }

  /** Throws NOT_FOUND when no published version has the digest. */
  async byDigest(digest: string): Promise<CompiledSaga> {
    const known = this.#compiled.get(digest)
    if (known) return known
    const found = await this.#store.byDigest(digest)
    if (!found) throw new SagaError('NOT_FOUND', `No published definition has digest ${digest}`)
    return this.#compile(digest, found.document)
  }

  /** The reference and machine of a name; version 0 or undefined means the newest. */
  byName(name: string, version?: number): Promise<NamedSaga | undefined> {
    const key = `${name}@${version || ''}`
    const now = this.#clock.now()
    const asked = this.#asked.get(key)
    if (asked && now - asked.at < NEWEST_MS && now >= asked.at) return asked.found
    const found = this.#find(name, version || undefined)
    keep(this.#asked, key, { at: now, found })
    // a failure, or a name that is not there yet, is asked for again by the next one
    const forget = () => {
      if (this.#asked.get(key)?.found === found) this.#asked.delete(key)
    }
    found.then((one) => one ?? forget(), forget)
    return found
  }

  /** This process has published a version of that name. */
  published(name: string): void {
    this.#asked.delete(`${name}@`)
  }

  async #find(name: string, version: number | undefined): Promise<NamedSaga | undefined> {
    const found = await this.#store.find(name, version)
    if (!found) return undefined
    const { ref, document } = found
    return { ref, saga: this.#compiled.get(ref.digest) ?? this.#compile(ref.digest, document) }
  }

  #compile(digest: string, document: CompiledSaga['document']): CompiledSaga {
    const saga = compileSaga(document, digest)
    keep(this.#compiled, digest, saga)
    return saga
  }
}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > KEPT_MAX)
    for (const oldest of map.keys()) {
      map.delete(oldest)
      break
    }
}
