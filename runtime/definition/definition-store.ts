/**
 * The port to published definitions. A version is immutable; versions of a name count from 1.
 */
import type { DefinitionRef } from '../journal/entry'
import type { PublishRequest } from '../runtime'
import type { SagaDocument } from './schema'

export interface PublishedDefinition {
  ref: DefinitionRef
  document: SagaDocument
}

export interface DefinitionStore {
  /** Writes the next version, unless the newest one has this digest already. */
  publish(
    request: PublishRequest & { digest: string },
  ): Promise<{ version: number; digest: string; unchanged: boolean }>
  /** The newest version unless one is given. */
  find(name: string, version?: number): Promise<PublishedDefinition | undefined>
  byDigest(digest: string): Promise<PublishedDefinition | undefined>
}
