/**
 * What a JSON Schema says about a value's fields and type, as far as it is certain. Whatever a schema leaves open, or
 * says in a way that is not read here, is answered by "not known"; nothing is guessed.
 *
 * Read: `type`, `properties`, `required`, `additionalProperties`, `items`, `const`, `enum`, `anyOf`, `oneOf`, `allOf` and
 * `$ref` into the schema itself.
 */

type Schema = Readonly<Record<string, unknown>>
export type JsonType = 'string' | 'number' | 'boolean' | 'object' | 'array' | 'null'

/** A schema with the document that its references point into. */
export interface Typed {
  root: Schema
  schema: Schema
}

/** References and alternatives followed for one question; more is "not known". */
const FOLLOWED_MAX = 64

export function typed(schema: Schema | undefined): Typed | undefined {
  return schema && { root: schema, schema }
}

export type Field =
  /** It may be there; of what kind, if that is said. */
  | { found: 'yes'; value: Typed | undefined }
  /** The value has no fields at all. */
  | { found: 'scalar'; type: JsonType }
  /** Fields are listed, and it is none of them; with `closed` there can be no others. */
  | { found: 'no'; closed: boolean; names: string[] }
  | { found: 'unknown' }

/** A field of a value; of a list, that of its items, as a path of an expression reads it. */
export function fieldOf(value: Typed, name: string): Field {
  const answers = alternatives(value).map((one) => fieldOfOne(one, name))
  const [first] = answers
  if (!first || answers.some(({ found }) => found === 'unknown')) return { found: 'unknown' }
  const there = answers.find((answer) => answer.found === 'yes')
  if (there) return answers.length === 1 ? there : { found: 'yes', value: undefined }
  const lists = answers.filter((answer) => answer.found === 'no')
  if (lists.length === 0) return first
  return {
    found: 'no',
    closed: lists.every(({ closed }) => closed),
    names: [...new Set(lists.flatMap(({ names }) => names))],
  }
}

/** The types a value can have; undefined when that is not known. */
export function typesOf(value: Typed): ReadonlySet<JsonType> | undefined {
  const types = new Set<JsonType>()
  for (const { schema } of alternatives(value)) {
    const declared = declaredTypes(schema)
    if (!declared) return undefined
    for (const type of declared) types.add(type)
  }
  return types.size > 0 ? types : undefined
}

/** Fields that a value must have although nobody fills them in. */
export function requiredOf(value: Typed): string[] {
  const [only, more] = alternatives(value)
  if (!only || more || !Array.isArray(only.schema.required)) return []
  const properties = record(only.schema.properties) ?? {}
  return only.schema.required.filter(
    (name): name is string =>
      typeof name === 'string' && !('default' in (record(own(properties, name)) ?? {})),
  )
}

function fieldOfOne({ root, schema }: Typed, name: string): Field {
  const types = declaredTypes(schema)
  if (types && !types.has('object') && !types.has('array')) {
    const [type] = types
    return type === undefined ? { found: 'unknown' } : { found: 'scalar', type }
  }
  if (types?.has('array') && !types.has('object')) {
    const items = record(schema.items)
    return items ? fieldOf({ root, schema: items }, name) : { found: 'unknown' }
  }
  const properties = record(schema.properties)
  if (!properties || types?.has('array') || schema.patternProperties) return { found: 'unknown' }
  const found = own(properties, name)
  if (found !== undefined) {
    const property = record(found)
    return { found: 'yes', value: property && { root, schema: property } }
  }
  const isNamed = Array.isArray(schema.required) && schema.required.includes(name)
  if (isNamed || record(schema.additionalProperties)) return { found: 'unknown' }
  const closed = schema.additionalProperties === false
  return { found: 'no', closed, names: Object.keys(properties) }
}

/** The schemas of which a value fits one; empty when they are too many or say more than is read here. */
function alternatives({ root, schema }: Typed): Typed[] {
  const result: Typed[] = []
  const open: unknown[] = [schema]
  for (let n = 0; open.length > 0; n++) {
    if (n === FOLLOWED_MAX) return []
    const one = record(open.pop())
    if (!one || one.not || one.if || one.dependentSchemas) return []
    const several = one.anyOf ?? one.oneOf
    const all = one.allOf
    if (typeof one.$ref === 'string') open.push(pointedTo(root, one.$ref))
    else if (Array.isArray(several) && !one.properties && !all) open.push(...several)
    else if (Array.isArray(all) && all.length === 1 && !one.properties && !several)
      open.push(all[0])
    else if (several || all) return []
    else result.push({ root, schema: one })
  }
  return result
}

/** RFC 6901, from `#` on. */
function pointedTo(root: Schema, reference: string): unknown {
  if (reference === '#') return root
  if (!reference.startsWith('#/')) return undefined
  let at: unknown = root
  for (const part of reference.slice(2).split('/')) {
    const here = record(at)
    at = here && own(here, decodePart(part))
  }
  return at
}

function decodePart(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}

function declaredTypes(schema: Schema): Set<JsonType> | undefined {
  if ('const' in schema) return new Set([typeOf(schema.const)])
  if (Array.isArray(schema.enum) && schema.type === undefined)
    return new Set(schema.enum.map(typeOf))
  const declared = typeof schema.type === 'string' ? [schema.type] : schema.type
  if (!Array.isArray(declared)) return undefined
  return new Set(declared.map((type) => (type === 'integer' ? 'number' : type) as JsonType))
}

export function typeOf(value: unknown): JsonType {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value as JsonType
}

function own(of: Schema, name: string): unknown {
  return Object.hasOwn(of, name) ? of[name] : undefined
}

function record(value: unknown): Schema | undefined {
  return isObject(value) ? value : undefined
}

export function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
