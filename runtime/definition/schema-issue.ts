/**
 * What zod finds wrong with a document, in plain words that name the thing: "Step `charge` has no `operation`."
 */
import type { z } from 'zod'
import type { Issue } from './issue'
import { closest } from './nearest'
import { isRawMap, stepOfPath, valueAt } from './raw-steps'
import {
  compensationSchema,
  resourceSchema,
  retrySchema,
  STEP_KEYS,
  sagaDocumentSchema,
} from './schema'

type ZodIssue = z.core.$ZodIssue
type Path = (string | number)[]

/** Issues of one finding: an unknown key each, else one. */
export function describeZodIssue(found: ZodIssue, root: unknown): Issue[] {
  const path = found.path as Path
  switch (found.code) {
    case 'unrecognized_keys':
      return found.keys.map((key) => unknownKey([...path, key], root))
    case 'invalid_key':
      return [
        issue('parse/name', path, {
          message: `\`${String(path.at(-1))}\` cannot be ${keyWords(path)}.`,
          hint: `${found.issues[0]?.message ?? 'Choose another'}.`,
        }),
      ]
    case 'invalid_union':
      if (found.discriminator !== undefined) return [unknownType(found, path, root)]
      return describeUnion(found.errors, path, root)
    case 'invalid_value':
      return [wrongValue(found.values, path, root)]
    case 'invalid_type':
      return [wrongType(found.expected, path, root)]
    case 'too_small':
    case 'too_big':
      return [wrongSize(found, path)]
    case 'invalid_format':
      return [
        issue('parse/format', path, {
          message: `${nameOf(path)} is ${show(valueAt(root, path))}, which cannot be used here.`,
          hint: `${found.message.startsWith('Invalid') ? 'It has another form' : found.message}.`,
        }),
      ]
    default:
      return [issue('parse/value', path, { message: `${nameOf(path)}: ${found.message}.` })]
  }
}

function unknownType(
  found: ZodIssue & { code: 'invalid_union' },
  path: Path,
  root: unknown,
): Issue {
  const types = STEP_TYPES
  const value = valueAt(root, path)
  const owner = capital(nameOf(path.slice(0, -1)))
  const near = typeof value === 'string' ? closest(value, types) : undefined
  const hint = near ? `Did you mean \`${near}\`? ` : ''
  const message =
    value === undefined
      ? `${owner} has no \`${found.discriminator}\`.`
      : `${owner} has the type ${show(value)}, which does not exist.`
  return issue(value === undefined ? 'parse/missing' : 'parse/unknown-type', path, {
    message,
    hint: `${hint}Types are ${types.join(', ')}.`,
  })
}

function unknownKey(path: Path, root: unknown): Issue {
  const key = String(path.at(-1))
  const owner = path.slice(0, -1)
  const known = knownKeys(owner, valueAt(root, owner))
  const near = closest(key, known)
  const list = known.length > 0 ? `It may hold ${known.join(', ')}.` : 'Remove it.'
  return issue('parse/unknown-key', path, {
    message: `${capital(nameOf(owner))} has the unknown key \`${key}\`.`,
    hint: near ? `Did you mean \`${near}\`?` : list,
  })
}

/** A union's failure is told by the alternative that came nearest, or by naming all of them. */
function describeUnion(errors: ZodIssue[][], path: Path, root: unknown): Issue[] {
  const value = valueAt(root, path)
  if (value === undefined) return [missing(path)]
  const deeper = errors.find((alternative) => alternative.some((error) => error.path.length > 0))
  if (deeper && typeof value === 'object') {
    return deeper.flatMap((error) =>
      describeZodIssue({ ...error, path: [...path, ...error.path] }, root),
    )
  }
  const expected = UNION_WORDS[String(path.at(-1))] ?? 'of another type'
  return [
    issue('parse/type', path, {
      message: `${capital(nameOf(path))} is ${show(value)}; it must be ${expected}.`,
    }),
  ]
}

const MAPPING_WORDS = 'one expression, or an object in which each text is an expression'
const UNION_WORDS: Readonly<Record<string, string>> = {
  join: '`all`, `any` or `{quorum: n}`',
  input: MAPPING_WORDS,
  output: MAPPING_WORDS,
  context: MAPPING_WORDS,
}

function wrongValue(values: readonly unknown[], path: Path, root: unknown): Issue {
  const value = valueAt(root, path)
  if (value === undefined) return missing(path, `It may be ${values.map(String).join(', ')}.`)
  const near = typeof value === 'string' ? closest(value, values.map(String)) : undefined
  const list = values.map((item) => `\`${String(item)}\``).join(', ')
  return issue('parse/value', path, {
    message: `${capital(nameOf(path))} is ${show(value)}; it must be ${values.length > 1 ? 'one of ' : ''}${list}.`,
    ...(near ? { hint: `Did you mean \`${near}\`?` } : {}),
  })
}

function wrongType(expected: string, path: Path, root: unknown): Issue {
  const value = valueAt(root, path)
  if (value === undefined) return missing(path)
  const words = TYPE_WORDS[expected] ?? expected
  return issue('parse/type', path, {
    message: `${capital(nameOf(path))} is ${show(value)}; it must be ${words}.`,
  })
}

function missing(path: Path, hint?: string): Issue {
  const field = String(path.at(-1))
  const told = hint ?? MISSING_HINTS[field]
  return issue('parse/missing', path, {
    message: `${capital(nameOf(path.slice(0, -1)))} has no \`${field}\`.`,
    ...(told === undefined ? {} : { hint: told }),
  })
}

const MISSING_HINTS: Readonly<Record<string, string>> = {
  kind: 'Write `kind: saga`.',
  name: 'Give the saga a name of lower-case letters, digits and dashes.',
  start: 'Name the step that runs first.',
  steps: 'Add the steps, each under its id.',
  participant: 'Name the participant that performs it.',
  operation: "Name the participant's operation.",
  when: 'Write the condition as an expression.',
  next: 'Name the step it leads to.',
  question: 'Ask in one sentence what is to be decided.',
  signal: 'Name the event that is waited for.',
  items: 'Write an expression that yields a list.',
  region: 'Give it a `start` and `steps`.',
  branches: 'Add at least one branch.',
  saga: 'Name the saga to start.',
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

function wrongSize(found: ZodIssue & { code: 'too_small' | 'too_big' }, path: Path): Issue {
  const isSmall = found.code === 'too_small'
  const limit = String(isSmall ? found.minimum : found.maximum)
  const bound = isSmall ? 'at least' : 'at most'
  const name = capital(nameOf(path))
  const words: Record<string, string> = {
    string:
      limit === '1' && isSmall
        ? `${name} is empty.`
        : `${name} must have ${bound} ${limit} characters.`,
    array: `${name} must have ${bound} ${limit} ${limit === '1' ? 'item' : 'items'}.`,
  }
  return issue('parse/size', path, {
    message: words[found.origin] ?? `${name} must be ${bound} ${limit}.`,
  })
}

function issue(code: string, path: Path, words: { message: string; hint?: string }): Issue {
  const step = stepOfPath(path)
  return { code, severity: 'error', path, ...words, ...(step === undefined ? {} : { step }) }
}

/** "the saga", "step `charge`", "`retry.delayMs` of step `charge`". */
export function nameOf(path: Path): string {
  const step = stepOfPath(path)
  const from = step === undefined ? 0 : path.lastIndexOf(step) + 1
  const inside = path.slice(from)
  const owner = step === undefined ? 'the saga' : `step \`${step}\``
  return inside.length === 0 ? owner : `\`${fieldOf(inside)}\` of ${owner}`
}

function fieldOf(path: Path): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`))
    .join('')
}

function keyWords(path: Path): string {
  return path.at(-2) === 'branches' ? 'the name of a branch' : 'the id of a step'
}

const STEP_TYPES = [...STEP_KEYS.keys()]
const REGION_KEYS = ['start', 'steps']
const KEYS_BY_FIELD: Readonly<Record<string, string[]>> = {
  retry: Object.keys(retrySchema.shape),
  compensation: Object.keys(compensationSchema.shape),
  resources: Object.keys(resourceSchema.shape),
  region: REGION_KEYS,
  onTimeout: ['next'],
  join: ['quorum'],
  participants: ['participant', 'operation', 'input'],
}

function knownKeys(owner: Path, value: unknown): string[] {
  if (owner.length === 0) return Object.keys(sagaDocumentSchema.shape)
  if (owner.at(-2) === 'steps' && stepOfPath(owner) === owner.at(-1) && isRawMap(value)) {
    return STEP_KEYS.get(String(value.type)) ?? []
  }
  const field = typeof owner.at(-1) === 'number' ? owner.at(-2) : owner.at(-1)
  if (field === 'branches') return ['label', 'when', 'next']
  if (owner.at(-2) === 'branches') return REGION_KEYS
  return KEYS_BY_FIELD[String(field)] ?? []
}

/** A value as a reader would quote it, short. */
function show(value: unknown): string {
  if (typeof value === 'string')
    return `\`${value.length > 60 ? `${value.slice(0, 57)}…` : value}\``
  if (Array.isArray(value)) return 'a list'
  if (value === null) return 'empty'
  if (typeof value === 'object') return 'an object'
  return `\`${String(value)}\``
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
