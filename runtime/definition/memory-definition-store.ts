/** Published definitions in memory: the reference for the port, for tests and for sagas without durability. */

import type { DefinitionStore, PublishedDefinition } from './definition-store'
import type { SagaDocument } from './schema'

export function createMemoryDefinitionStore(): DefinitionStore {
  /** By name; version n is at n - 1, kept as text so that nobody can change it. */
  const published = new Map<string, { digest: string; text: string }[]>()

  function version(name: string, number: number): PublishedDefinition | undefined {
    const found = published.get(name)?.[number - 1]
    if (!found) return
    const document: SagaDocument = JSON.parse(found.text)
    return { ref: { name, version: number, digest: found.digest }, document }
  }

  return {
    async publish({ document, digest }) {
      const versions = published.get(document.name) ?? []
      published.set(document.name, versions)
      const unchanged = versions.at(-1)?.digest === digest
      if (!unchanged) versions.push({ digest, text: JSON.stringify(document) })
      return { version: versions.length, digest, unchanged }
    },
    async find(name, number) {
      return version(name, number ?? published.get(name)?.length ?? 0)
    },
    async byDigest(digest) {
      for (const [name, versions] of published) {
        const last = versions.findLastIndex((v) => v.digest === digest)
        if (last >= 0) return version(name, last + 1)
      }
      return
    },
  }
}
