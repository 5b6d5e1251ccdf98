/**
 * The document's JSON Schema (2020-12), for editors: completion, hover texts and checking while typing. It is made from
 * the zod schema, so the two agree; what only `parse` can tell (unique ids, expressions) it leaves to that.
 */
import { z } from 'zod'
import { FORMAT, sagaDocumentSchema } from './schema'

/** A plain object, made anew on each call. */
export function sagaJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(sagaDocumentSchema, {
    target: 'draft-2020-12',
    // What an author writes: fields with a default need not be there.
    io: 'input',
    reused: 'ref',
    unrepresentable: 'any',
  })
  return {
    ...schema,
    $id: `https://sagawright.dev/schema/saga-${FORMAT}.json`,
    title: 'Saga',
    description: 'A saga: its steps, how each is undone, and what leads where.',
  }
}
