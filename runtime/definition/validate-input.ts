/**
 * Does a start input fit the document's JSON Schema? Findings are issues whose path begins with `input`, in words that
 * name the field. A document without a schema takes any JSON.
 */
import type { ErrorObject } from 'ajv/dist/2020.js'
import { compileInputSchema } from './input-schema'
import type { Issue } from './issue'
import { closest } from './nearest'
import type { SagaDocument } from './schema'

/** Empty when the input fits. */
export function validateInput(document: SagaDocument, input: unknown): Issue[] {
  if (!document.input) return []
  const compiled = compileInputSchema(document.input)
  if (!compiled.ok) {
    const message = `The input schema of \`${document.name}\` is not valid: ${compiled.message}.`
    return [{ code: 'input/schema', severity: 'error', path: ['input'], message }]
  }
  const errors = compiled.schema.errors(input)
  const specific = errors.filter((error) => !['if', 'anyOf', 'oneOf'].includes(error.keyword))
  return (specific.length > 0 ? specific : errors).map((error) => describe(error))
}

function describe(error: ErrorObject): Issue {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^(0|[1-9]\d*)$/.test(part) ? Number(part) : part))
  const at = path.length === 0 ? 'The input' : `\`${path.join('.')}\``
  const params = error.params as Record<string, unknown>
  const issue = (message: string, more: { hint?: string; field?: string } = {}): Issue => ({
    code: `input/${error.keyword}`,
    severity: 'error',
    path: more.field === undefined ? ['input', ...path] : ['input', ...path, more.field],
    message,
    ...(more.hint === undefined ? {} : { hint: more.hint }),
  })
  switch (error.keyword) {
    case 'required': {
      const field = String(params.missingProperty)
      return issue(`\`${[...path, field].join('.')}\` is missing.`, { field })
    }
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const field = String(params.additionalProperty ?? params.unevaluatedProperty)
      const known = Object.keys((error.parentSchema?.properties as object | undefined) ?? {})
      const near = closest(field, known)
      const message = `\`${[...path, field].join('.')}\` is not a field of the input.`
      return issue(message, near ? { field, hint: `Did you mean \`${near}\`?` } : { field })
    }
    case 'type':
      return issue(`${at} must be ${typeWords(params.type)}.`)
    case 'enum': {
      const values = (params.allowedValues as unknown[]).map((value) => JSON.stringify(value))
      return issue(`${at} must be one of ${values.join(', ')}.`)
    }
    case 'const':
      return issue(`${at} must be ${JSON.stringify(params.allowedValue)}.`)
    case 'minimum':
    case 'exclusiveMinimum':
    case 'maximum':
    case 'exclusiveMaximum':
      return issue(`${at} must be ${comparisonWords(params.comparison)} ${String(params.limit)}.`)
    case 'minLength':
      return issue(`${at} must have at least ${String(params.limit)} characters.`)
    case 'maxLength':
      return issue(`${at} may have at most ${String(params.limit)} characters.`)
    case 'minItems':
      return issue(`${at} must have at least ${String(params.limit)} items.`)
    case 'maxItems':
      return issue(`${at} may have at most ${String(params.limit)} items.`)
    case 'pattern':
      return issue(`${at} must match the pattern ${String(params.pattern)}.`)
    default:
      return issue(`${at} ${error.message ?? 'does not fit the schema'}.`)
  }
}

function typeWords(type: unknown): string {
  const words: Record<string, string> = {
    string: 'a text',
    number: 'a number',
    integer: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'an object',
    null: 'null',
  }
  const types = Array.isArray(type) ? type : [type]
  return types.map((name) => words[String(name)] ?? String(name)).join(' or ')
}

function comparisonWords(comparison: unknown): string {
  const words: Record<string, string> = {
    '>=': 'at least',
    '<=': 'at most',
    '>': 'more than',
    '<': 'less than',
  }
  return words[String(comparison)] ?? String(comparison)
}
