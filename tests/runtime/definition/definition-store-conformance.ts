/** What every definition store promises. Names are given by the caller: the database may be shared. */
import { describe, expect, it } from 'vitest'
import type { DefinitionStore } from '@/runtime/definition/definition-store'
import { type SagaDocument, sagaDocumentSchema } from '@/runtime/definition/schema'
import type { PublishRequest } from '@/runtime/runtime'

export function documentOf(name: string, title = 'Demo'): SagaDocument {
  return sagaDocumentSchema.parse({
    kind: 'saga',
    name,
    title,
    start: 'zebra',
    steps: {
      zebra: {
        type: 'action',
        participant: 'budget',
        operation: 'reserve',
        effect: 'compensatable',
        compensation: { operation: 'release', retry: { attemptsMax: 9 } },
        retry: { attemptsMax: 6 },
        next: 'apple',
      },
      apple: { type: 'end', outcome: 'completed' },
    },
  })
}

export function request(
  document: SagaDocument,
  digest: string,
): PublishRequest & { digest: string } {
  const by = { kind: 'user', id: 'u1', name: 'Ada' } as const
  return { document, source: `# ${digest}`, by, digest }
}

export function definitionStoreConformance(
  name: string,
  open: () => DefinitionStore,
  fresh: () => string,
): void {
  describe(name, () => {
    it('counts versions from 1 and finds the newest, one by number, one by digest', async () => {
      const store = open()
      const [id, one, two] = [fresh(), fresh(), fresh()]
      expect(await store.publish(request(documentOf(id), one))).toEqual({
        version: 1,
        digest: one,
        unchanged: false,
      })
      await store.publish(request(documentOf(id, 'Better'), two))
      const newest = {
        ref: { name: id, version: 2, digest: two },
        document: documentOf(id, 'Better'),
      }
      const first = { ref: { name: id, version: 1, digest: one }, document: documentOf(id) }
      expect(await store.find(id)).toEqual(newest)
      expect(await store.find(id, 1)).toEqual(first)
      expect(await store.byDigest(one)).toEqual(first)
      expect(await store.find(id, 3)).toBeUndefined()
      expect(await store.find(fresh())).toBeUndefined()
      expect(await store.byDigest(fresh())).toBeUndefined()
    })

    it('writes nothing for the digest of the newest version, and a version for an older one', async () => {
      const store = open()
      const [id, one, two] = [fresh(), fresh(), fresh()]
      await store.publish(request(documentOf(id), one))
      expect(await store.publish(request(documentOf(id), one))).toEqual({
        version: 1,
        digest: one,
        unchanged: true,
      })
      await store.publish(request(documentOf(id), two))
      expect(await store.publish(request(documentOf(id), one))).toMatchObject({
        version: 3,
        unchanged: false,
      })
      expect((await store.byDigest(one))?.ref.version).toBe(3)
    })

    it('gives back the text that was published, key order included', async () => {
      const store = open()
      const id = fresh()
      const document = documentOf(id)
      await store.publish(request(document, id))
      expect(JSON.stringify((await store.find(id))?.document)).toBe(JSON.stringify(document))
    })

    it('numbers versions without gaps or doubles when many publish at once', async () => {
      const store = open()
      const id = fresh()
      const digests = Array.from({ length: 8 }, fresh)
      const published = await Promise.all(
        digests.map((digest) => store.publish(request(documentOf(id), digest))),
      )
      expect(published.map((p) => p.version).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    })
  })
}
