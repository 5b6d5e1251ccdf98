/** Documents, published in memory, for tests that run the engine without PostgreSQL. */
import { digestDocument } from '@/runtime/compiler/compile'
import type { DefinitionStore } from '@/runtime/definition/definition-store'
import { createMemoryDefinitionStore } from '@/runtime/definition/memory-definition-store'
import type { SagaDocument } from '@/runtime/definition/schema'
import { BY } from './dry-run'

export function memoryDefinitions(...documents: SagaDocument[]): DefinitionStore {
  const store = createMemoryDefinitionStore()
  // The memory store has published before it first yields.
  for (const document of documents)
    void store.publish({ document, digest: digestDocument(document), source: '', by: BY })
  return store
}
