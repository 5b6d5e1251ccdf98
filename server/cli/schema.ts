/**
 * `sagawright schema`: the JSON Schema of saga files.
 */
import { sagaJsonSchema } from '@/runtime/definition/json-schema'

export function schemaText(): string {
  return JSON.stringify(sagaJsonSchema(), null, 2)
}
