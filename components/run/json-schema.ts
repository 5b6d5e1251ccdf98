/**
 * From a JSON Schema to form fields, as far as a form is better than text: an object with plain properties. All else
 * stays JSON. The server checks the input against the whole schema; this only helps to write it.
 */

export type FormField =
  | {
      kind: 'text'
      name: string
      label: string
      hint: string | null
      required: boolean
      multiline: boolean
    }
  | {
      kind: 'number'
      name: string
      label: string
      hint: string | null
      required: boolean
      whole: boolean
    }
  | { kind: 'boolean'; name: string; label: string; hint: string | null; required: boolean }
  | {
      kind: 'choice'
      name: string
      label: string
      hint: string | null
      required: boolean
      values: string[]
    }
  | { kind: 'json'; name: string; label: string; hint: string | null; required: boolean }

type Json = Record<string, unknown>

/** Null when the schema is not a plain object: write JSON instead. */
export function fieldsOf(schema: unknown): FormField[] | null {
  if (!isObject(schema) || schema.type !== 'object' || !isObject(schema.properties)) return null
  const required = Array.isArray(schema.required) ? schema.required : []
  return Object.entries(schema.properties).map(([name, property]) =>
    fieldOf(name, isObject(property) ? property : {}, required.includes(name)),
  )
}

function fieldOf(name: string, property: Json, required: boolean): FormField {
  const base = {
    name,
    label: typeof property.title === 'string' ? property.title : words(name),
    hint: typeof property.description === 'string' ? property.description : null,
    required,
  }
  if (Array.isArray(property.enum) && property.enum.every((value) => typeof value === 'string')) {
    return { ...base, kind: 'choice', values: property.enum }
  }
  switch (property.type) {
    case 'string':
      return { ...base, kind: 'text', multiline: Number(property.maxLength ?? 0) > 300 }
    case 'number':
      return { ...base, kind: 'number', whole: false }
    case 'integer':
      return { ...base, kind: 'number', whole: true }
    case 'boolean':
      return { ...base, kind: 'boolean' }
    default:
      return { ...base, kind: 'json' }
  }
}

/**
 * A first input to start from: defaults and examples where the schema has them. `round` counts the runs before: where there
 * are several examples each takes the next, so that a service that wants a name once takes the next run too.
 */
export function sampleOf(schema: unknown, round = 0): unknown {
  return sample(schema, round) ?? {}
}

function sample(schema: unknown, round: number): unknown {
  if (!isObject(schema)) return undefined
  if ('default' in schema) return schema.default
  if ('const' in schema) return schema.const
  if (Array.isArray(schema.examples)) return schema.examples[round % schema.examples.length]
  if (!isObject(schema.properties)) return undefined
  const members = Object.entries(schema.properties)
    .map(([name, property]) => [name, sample(property, round)] as const)
    .filter(([, value]) => value !== undefined)
  return Object.fromEntries(members)
}

function words(name: string): string {
  const spaced = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase()
  return spaced.charAt(0).toUpperCase() + spaced.slice(1)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
