/**
 * The JSON Schema (2020-12) of a saga's start input, compiled by ajv.
 *
 * 1. A schema comes from the saga's author and the data from anyone: patterns run on a linear-time engine.
 * 2. Compiled once per schema and kept, least recently used first out; nothing is loaded from elsewhere.
 */
import { _, Ajv2020, type ErrorObject, str } from 'ajv/dist/2020.js'
import { RE2JS } from 're2js'
import { isMultipleOf } from './decimal'
import { FORMATS } from './schema-formats'

export type InputSchema = Record<string, unknown>

export interface CompiledInputSchema {
  /** What does not fit; empty when all does. */
  errors(input: unknown): readonly ErrorObject[]
}

export type InputSchemaResult =
  | { ok: true; schema: CompiledInputSchema }
  /** `unavailable`: not the schema's fault; a content security policy keeps ajv from making its code. */
  | { ok: false; message: string; unavailable: boolean }

const cache = new Map<string, InputSchemaResult>()
const CACHED = 200
/** Errors told of one input; a list of a thousand wrong items need not be told whole. */
const ERRORS_MAX = 50

/** Never throws. */
export function compileInputSchema(schema: InputSchema): InputSchemaResult {
  const key = JSON.stringify(schema)
  const known = cache.get(key)
  if (known) {
    cache.delete(key)
    cache.set(key, known)
    return known
  }
  const compiled = compile(schema)
  cache.set(key, compiled)
  if (cache.size > CACHED) {
    for (const oldest of cache.keys()) {
      cache.delete(oldest)
      break
    }
  }
  return compiled
}

function compile(schema: InputSchema): InputSchemaResult {
  try {
    ajv ??= createAjv()
    const validate = ajv.compile(schema)
    return {
      ok: true,
      schema: {
        errors: (input) => (validate(input) ? [] : (validate.errors ?? []).slice(0, ERRORS_MAX)),
      },
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return {
      ok: false,
      unavailable: error instanceof EvalError,
      message: message.replace(/^schema is invalid: /, '').replaceAll('data/', ''),
    }
  } finally {
    // It would keep each schema, and know its $id the next time.
    ajv?.removeSchema(schema)
  }
}

/** One for all schemas: compiling the schema of schemas takes ten times as long as an ordinary one. */
let ajv: Ajv2020 | undefined

function createAjv(): Ajv2020 {
  const made = new Ajv2020({
    strict: false,
    allErrors: true,
    verbose: true,
    formats: FORMATS,
    logger: false,
    addUsedSchema: false,
    code: { regExp: linearRegExp },
  })
  // ajv divides binary fractions, by which 19.99 is no multiple of 0.01.
  made.removeKeyword('multipleOf')
  made.addKeyword({
    keyword: 'multipleOf',
    type: 'number',
    schemaType: 'number',
    validate: (step: number, value: number) => isMultipleOf(value, step),
    error: {
      message: ({ schemaCode }) => str`must be a multiple of ${schemaCode}`,
      params: ({ schemaCode }) => _`{multipleOf: ${schemaCode}}`,
    },
  })
  return made
}

const linearRegExp = Object.assign(
  (pattern: string) => {
    const regex = RE2JS.compile(RE2JS.translateRegExp(pattern))
    // ajv tells patterns apart by their text.
    return { test: (text: string) => regex.matcher(text).find(), toString: () => `/${pattern}/` }
  },
  // Only read when a validator is written out as source, which is never done here.
  { code: 'linearRegExp' },
)
