/**
 * What a JSON Schema says in words that mean nothing: `requird`, `proptries`, a format nobody checks. JSON Schema ignores
 * them all, so that the author believes an input checked which is not.
 */
import { closest } from './nearest'
import { isRawMap, type RawPath } from './raw-steps'
import { FORMATS } from './schema-formats'

export interface SchemaFinding {
  kind: 'keyword' | 'format'
  /** Keys from the schema's root to the keyword. */
  path: RawPath
  message: string
  hint: string
}

/** Keywords of 2020-12, by what their values hold. */
const SCHEMA_IN = [
  'additionalProperties',
  'contains',
  'contentSchema',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
]
const LIST_OF_SCHEMAS = ['allOf', 'anyOf', 'oneOf', 'prefixItems']
const MAP_OF_SCHEMAS = [
  '$defs',
  'definitions',
  'dependentSchemas',
  'patternProperties',
  'properties',
]
const OTHERS = [
  '$anchor',
  '$comment',
  '$dynamicAnchor',
  '$dynamicRef',
  '$id',
  '$ref',
  '$schema',
  '$vocabulary',
  'const',
  'contentEncoding',
  'contentMediaType',
  'default',
  'dependentRequired',
  'deprecated',
  'description',
  'enum',
  'examples',
  'exclusiveMaximum',
  'exclusiveMinimum',
  'format',
  'maxContains',
  'maximum',
  'maxItems',
  'maxLength',
  'maxProperties',
  'minContains',
  'minimum',
  'minItems',
  'minLength',
  'minProperties',
  'multipleOf',
  'pattern',
  'readOnly',
  'required',
  'title',
  'type',
  'uniqueItems',
  'writeOnly',
]
const KNOWN = [...SCHEMA_IN, ...LIST_OF_SCHEMAS, ...MAP_OF_SCHEMAS, ...OTHERS]
const IS_KNOWN = new Set(KNOWN)

/** Findings told of one schema; who misspells more will read these first. */
const FINDINGS_MAX = 20

/** In the schema's order. A keyword that begins with `x-` is its author's own. */
export function schemaFindings(root: Record<string, unknown>): SchemaFinding[] {
  const found: SchemaFinding[] = []
  const open: { schema: unknown; path: RawPath }[] = [{ schema: root, path: [] }]
  for (let next = open.pop(); next && found.length < FINDINGS_MAX; next = open.pop()) {
    const { schema, path } = next
    if (!isRawMap(schema)) continue
    const inner: typeof open = []
    for (const [key, value] of Object.entries(schema)) {
      const at = [...path, key]
      if (!IS_KNOWN.has(key) && !key.startsWith('x-')) found.push(unknownKeyword(key, at))
      else if (key === 'format' && typeof value === 'string' && !Object.hasOwn(FORMATS, value))
        found.push(uncheckedFormat(value, at))
      else if (SCHEMA_IN.includes(key)) inner.push({ schema: value, path: at })
      else if (LIST_OF_SCHEMAS.includes(key) && Array.isArray(value))
        inner.push(...value.map((schema, index) => ({ schema, path: [...at, index] })))
      else if (MAP_OF_SCHEMAS.includes(key) && isRawMap(value))
        inner.push(
          ...Object.entries(value).map(([name, schema]) => ({ schema, path: [...at, name] })),
        )
    }
    for (const one of inner.reverse()) open.push(one)
  }
  return found.slice(0, FINDINGS_MAX)
}

function unknownKeyword(key: string, path: RawPath): SchemaFinding {
  const near = closest(key, KNOWN)
  return {
    kind: 'keyword',
    path,
    message: `\`${key.slice(0, 80)}\` is no keyword of JSON Schema and checks nothing.`,
    hint: near
      ? `Did you mean \`${near}\`?`
      : 'Remove it, put it under `properties` if it is a field, or begin it with `x-` if it is a note of your own.',
  }
}

function uncheckedFormat(format: string, path: RawPath): SchemaFinding {
  const checked = Object.keys(FORMATS)
  const near = closest(format, checked)
  return {
    kind: 'format',
    path,
    message: `The format \`${format.slice(0, 80)}\` is not checked: any text is taken.`,
    hint: near
      ? `Did you mean \`${near}\`?`
      : `Write a \`pattern\`; checked formats are ${checked.join(', ')}.`,
  }
}
