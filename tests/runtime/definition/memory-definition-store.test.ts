import { createMemoryDefinitionStore } from '@/runtime/definition/memory-definition-store'
import { definitionStoreConformance } from './definition-store-conformance'

let n = 0
definitionStoreConformance(
  'the memory definition store',
  createMemoryDefinitionStore,
  () => `n${n++}`,
)
