import { sagaJsonSchema } from '@/runtime/definition/json-schema'

/** The JSON Schema of saga documents, for editors: public, and the same until the next release. */
export const GET = () =>
  Response.json(sagaJsonSchema(), {
    headers: {
      'content-type': 'application/schema+json',
      'cache-control': 'public, max-age=3600',
      'access-control-allow-origin': '*',
    },
  })
