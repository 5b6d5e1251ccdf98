/** Published definitions in memory, for tests that run the engine without PostgreSQL. */
import { digestDocument } from '@/runtime/compiler/compile'
import type { DefinitionStore, PublishedDefinition } from '@/runtime/definition/definition-store'
import type { SagaDocument } from '@/runtime/definition/schema'

export function memoryDefinitions(...documents: SagaDocument[]): DefinitionStore {
  const known: PublishedDefinition[] = []
  const newest = (name: string) => known.filter((one) => one.ref.name === name).at(-1)
  const add = (document: SagaDocument) => {
    const digest = digestDocument(document)
    const before = newest(document.name)
    if (before?.ref.digest === digest)
      return { version: before.ref.version, digest, unchanged: true }
    const version = (before?.ref.version ?? 0) + 1
    known.push({ ref: { name: document.name, version, digest }, document })
    return { version, digest, unchanged: false }
  }
  for (const document of documents) add(document)
  return {
    publish: async ({ document }) => add(document),
    find: async (name, version) =>
      version === undefined
        ? newest(name)
        : known.find((one) => one.ref.name === name && one.ref.version === version),
    byDigest: async (digest) => known.find((one) => one.ref.digest === digest),
  }
}
