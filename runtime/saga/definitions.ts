/**
 * Compiled definitions by digest: compiled once per process, kept for as long as the cache has room.
 */
import { type CompiledSaga, compileSaga } from '../compiler/compile'
import type { DefinitionStore } from '../definition/definition-store'
import { SagaError } from '../errors'
import type { DefinitionRef } from '../journal/entry'

/** Compiled machines kept at once; the oldest goes first. */
const COMPILED_MAX = 500

export class Definitions {
  readonly #store: DefinitionStore
  readonly #compiled = new Map<string, CompiledSaga>()

  constructor(store: DefinitionStore) {
    this.#store = store
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
    return this.#keep(digest, compileSaga(found.document))
  }

  /** The reference and machine of a name; version 0 or undefined means the newest. */
  async byName(
    name: string,
    version?: number,
  ): Promise<{ ref: DefinitionRef; saga: CompiledSaga } | undefined> {
    const found = await this.#store.find(name, version || undefined)
    if (!found) return undefined
    const { ref, document } = found
    return {
      ref,
      saga: this.#compiled.get(ref.digest) ?? this.#keep(ref.digest, compileSaga(document)),
    }
  }

  #keep(digest: string, saga: CompiledSaga): CompiledSaga {
    this.#compiled.set(digest, saga)
    if (this.#compiled.size > COMPILED_MAX)
      for (const oldest of this.#compiled.keys()) {
        this.#compiled.delete(oldest)
        break
      }
    return saga
  }
}
