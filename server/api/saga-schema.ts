/**
 * GET /api/schema: the JSON Schema of saga documents, for editors. Public, and the same until the next release.
 */
import { sagaJsonSchema } from '@/runtime/definition/json-schema'

export const sagaSchemaResponse = (): Response =>
  Response.json(sagaJsonSchema(), {
    headers: {
      'content-type': 'application/schema+json',
      'cache-control': 'public, max-age=3600',
      'access-control-allow-origin': '*',
    },
  })
