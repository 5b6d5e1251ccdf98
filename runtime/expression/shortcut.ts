/**
 * A closure for the expressions that sagas mostly hold (paths, literals, comparisons, simple arithmetic and objects of
 * those), some fifty times as fast as JSONata. It knows only the cases in which it is sure to agree; wherever lists,
 * mixed types or errors come in while evaluating, it answers `UNSURE` and JSONata does the work.
 */
import { looksLikeFunction } from './plain'
import type { SyntaxNode } from './syntax'

export const UNSURE: unique symbol = Symbol('unsure')

export type Shortcut = (root: Record<string, unknown>) => unknown

/** Undefined when the syntax holds anything a shortcut does not know. */
export function createShortcut(node: SyntaxNode): Shortcut | undefined {
  switch (node.type) {
    case 'path':
      return hasOnly(node, ['steps']) ? pathShortcut(node) : undefined
    case 'string':
    case 'number':
    case 'value':
      return hasOnly(node, ['value']) ? () => node.value : undefined
    case 'binary':
      return hasOnly(node, ['value', 'lhs', 'rhs']) ? binaryShortcut(node) : undefined
    case 'condition':
      return hasOnly(node, ['condition', 'then', 'else']) ? conditionShortcut(node) : undefined
    case 'function':
      return hasOnly(node, ['value', 'name', 'arguments', 'procedure'])
        ? functionShortcut(node)
        : undefined
    case 'unary':
      return hasOnly(node, ['value', 'lhs']) && node.value === '{'
        ? objectShortcut(node)
        : undefined
    default:
      return undefined
  }
}

/** Every further field changes a node's meaning: filters, groups, focus, ancestry … */
function hasOnly(node: SyntaxNode, fields: string[]): boolean {
  return Object.entries(node).every(
    ([key, value]) =>
      value === undefined || key === 'type' || key === 'position' || fields.includes(key),
  )
}

function pathShortcut(node: SyntaxNode): Shortcut | undefined {
  const names: string[] = []
  for (const step of node.steps ?? []) {
    if (step.type !== 'name' || typeof step.value !== 'string' || !hasOnly(step, ['value'])) {
      return undefined
    }
    names.push(step.value)
  }
  return (root) => {
    let value: unknown = root
    for (const name of names) {
      if (Array.isArray(value)) return UNSURE
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) {
        return undefined
      }
      if (looksLikeFunction(value)) return UNSURE
      value = (value as Record<string, unknown>)[name]
    }
    return looksLikeFunction(value) ? UNSURE : value
  }
}

function binaryShortcut(node: SyntaxNode): Shortcut | undefined {
  if (!node.lhs || Array.isArray(node.lhs) || !node.rhs) return undefined
  const left = createShortcut(node.lhs)
  const right = createShortcut(node.rhs)
  if (!left || !right) return undefined
  const operator = String(node.value)
  if (operator === 'and' || operator === 'or') {
    return (root) => {
      const first = truth(left(root))
      if (first === UNSURE) return UNSURE
      if ((first === true) === (operator === 'or')) return first === true
      const second = truth(right(root))
      return second === UNSURE ? UNSURE : second === true
    }
  }
  const combine = COMBINE[operator]
  if (!combine) return undefined
  return (root) => {
    const a = left(root)
    if (a === UNSURE) return UNSURE
    const b = right(root)
    return b === UNSURE ? UNSURE : combine(a, b)
  }
}

const COMBINE: Readonly<Record<string, (a: unknown, b: unknown) => unknown>> = {
  '=': (a, b) => equality(a, b, true),
  '!=': (a, b) => equality(a, b, false),
  '<': (a, b) => order(a, b, (sign) => sign < 0),
  '<=': (a, b) => order(a, b, (sign) => sign <= 0),
  '>': (a, b) => order(a, b, (sign) => sign > 0),
  '>=': (a, b) => order(a, b, (sign) => sign >= 0),
  '+': (a, b) => arithmetic(a, b, (x, y) => x + y),
  '-': (a, b) => arithmetic(a, b, (x, y) => x - y),
  '*': (a, b) => arithmetic(a, b, (x, y) => x * y),
  '/': (a, b) => arithmetic(a, b, (x, y) => x / y),
  '&': (a, b) =>
    (typeof a === 'string' || a === undefined) && (typeof b === 'string' || b === undefined)
      ? (a ?? '') + (b ?? '')
      : UNSURE,
}

function equality(a: unknown, b: unknown, wanted: boolean): unknown {
  if (a === undefined || b === undefined) return false
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) return UNSURE
  return (a === b) === wanted
}

function order(a: unknown, b: unknown, holds: (sign: number) => boolean): unknown {
  if (typeof a === 'number' && typeof b === 'number') return holds(a < b ? -1 : a > b ? 1 : 0)
  if (typeof a === 'string' && typeof b === 'string') return holds(a < b ? -1 : a > b ? 1 : 0)
  return UNSURE
}

function arithmetic(a: unknown, b: unknown, apply: (x: number, y: number) => number): unknown {
  if (typeof a !== 'number' || typeof b !== 'number') return UNSURE
  const result = apply(a, b)
  return Number.isFinite(result) ? result : UNSURE
}

/** JSONata's truth of a value; `undefined` has none. */
function truth(value: unknown): boolean | undefined | typeof UNSURE {
  switch (typeof value) {
    case 'undefined':
      return undefined
    case 'boolean':
      return value
    case 'string':
      return value.length > 0
    case 'number':
      return value !== 0
    case 'object':
      return value === null ? false : UNSURE
    default:
      return UNSURE
  }
}

function conditionShortcut(node: SyntaxNode): Shortcut | undefined {
  const condition = node.condition && createShortcut(node.condition)
  const positive = node.then && createShortcut(node.then)
  const negative = node.else ? createShortcut(node.else) : () => undefined
  if (!condition || !positive || !negative) return undefined
  return (root) => {
    const holds = truth(condition(root))
    if (holds === UNSURE) return UNSURE
    return holds === true ? positive(root) : negative(root)
  }
}

function functionShortcut(node: SyntaxNode): Shortcut | undefined {
  const { procedure, arguments: args } = node
  const [argument] = args ?? []
  if (!argument || args?.length !== 1) return undefined
  if (procedure?.type !== 'variable' || !hasOnly(procedure, ['value'])) return undefined
  const value = createShortcut(argument)
  if (!value) return undefined
  switch (procedure.value) {
    case 'exists':
      return (root) => {
        const result = value(root)
        return result === UNSURE ? UNSURE : result !== undefined
      }
    case 'not':
      return (root) => {
        const holds = truth(value(root))
        return holds === UNSURE ? UNSURE : holds === undefined ? undefined : !holds
      }
    default:
      return undefined
  }
}

function objectShortcut(node: SyntaxNode): Shortcut | undefined {
  if (!Array.isArray(node.lhs)) return undefined
  const fields = new Map<string, Shortcut>()
  for (const [key, value] of node.lhs) {
    const field = createShortcut(value)
    if (!field || key.type !== 'string' || !hasOnly(key, ['value'])) return undefined
    const name = String(key.value)
    if (fields.has(name) || name === '__proto__' || name.startsWith('_jsonata_')) return undefined
    fields.set(name, field)
  }
  return (root) => {
    const result: Record<string, unknown> = {}
    for (const [name, field] of fields) {
      const value = field(root)
      if (value === UNSURE) return UNSURE
      if (value !== undefined) result[name] = value
    }
    return result
  }
}
