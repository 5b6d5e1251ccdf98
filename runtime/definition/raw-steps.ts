/**
 * Steps and expressions found in plain data that may be broken anywhere: what parsing, edits and positions walk, as
 * they must work on a document that does not parse. Nothing is validated and nothing thrown.
 */

export type RawMap = Record<string, unknown>
export type RawPath = (string | number)[]

export interface RawStep {
  id: string
  /** Keys from the root, the id last. */
  path: RawPath
  /** Keys from the root to the region that holds it; `[]` is the root. */
  region: RawPath
  /** Regions around it; 1 in the root. */
  depth: number
  step: RawMap
}

export function isRawMap(value: unknown): value is RawMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** All steps in document order, those of nested regions behind the step that holds them. */
export function rawSteps(root: unknown): RawStep[] {
  const found: RawStep[] = []
  const open: { region: unknown; path: RawPath; depth: number }[] = [
    { region: root, path: [], depth: 1 },
  ]
  for (let next = open.pop(); next; next = open.pop()) {
    const { region, path, depth } = next
    if (!isRawMap(region) || !isRawMap(region.steps)) continue
    for (const [id, value] of Object.entries(region.steps)) {
      const step = isRawMap(value) ? value : {}
      const at = [...path, 'steps', id]
      found.push({ id, path: at, region: path, depth, step })
      for (const inner of rawRegions(step)) {
        open.push({ region: inner.region, path: [...at, ...inner.path], depth: depth + 1 })
      }
    }
  }
  return found
}

/** The regions inside a step, with their keys in it. */
export function rawRegions(step: RawMap): { region: unknown; path: string[] }[] {
  if (step.type === 'parallel' && isRawMap(step.branches)) {
    return Object.entries(step.branches).map(([name, region]) => ({
      region,
      path: ['branches', name],
    }))
  }
  return step.type === 'map' ? [{ region: step.region, path: ['region'] }] : []
}

/** A text in a step that is an expression, or a template that holds some. */
export interface ExpressionPlace {
  /** Keys inside the step. */
  path: RawPath
  kind: 'expression' | 'template'
  source: string
}

export function expressionPlaces(step: RawMap): ExpressionPlace[] {
  const places: ExpressionPlace[] = []
  const expression = (value: unknown, path: RawPath) => {
    if (typeof value === 'string') places.push({ path, kind: 'expression', source: value })
  }
  const template = (value: unknown, path: RawPath) => {
    if (typeof value === 'string') places.push({ path, kind: 'template', source: value })
  }
  const mapping = (value: unknown, path: RawPath) => {
    const open: [unknown, RawPath][] = [[value, path]]
    for (let next = open.pop(); next; next = open.pop()) {
      const [part, at] = next
      expression(part, at)
      if (typeof part !== 'object' || part === null) continue
      const isList = Array.isArray(part)
      for (const [key, child] of Object.entries(part)) {
        open.push([child, [...at, isList ? Number(key) : key]])
      }
    }
  }
  switch (step.type) {
    case 'action':
      mapping(step.input, ['input'])
      expression(step.idempotencyKey, ['idempotencyKey'])
      if (isRawMap(step.compensation)) mapping(step.compensation.input, ['compensation', 'input'])
      rawList(step.resources).forEach((resource, index) => {
        if (isRawMap(resource)) template(resource.key, ['resources', index, 'key'])
      })
      break
    case 'choice':
      rawList(step.branches).forEach((branch, index) => {
        if (isRawMap(branch)) expression(branch.when, ['branches', index, 'when'])
      })
      break
    case 'map':
      expression(step.items, ['items'])
      mapping(step.output, ['output'])
      break
    case 'wait':
      expression(step.until, ['until'])
      break
    case 'approval':
      template(step.question, ['question'])
      mapping(step.context, ['context'])
      break
    case 'transaction':
      rawList(step.participants).forEach((participant, index) => {
        if (isRawMap(participant)) mapping(participant.input, ['participants', index, 'input'])
      })
      break
    case 'saga':
      mapping(step.input, ['input'])
      break
    case 'end':
      mapping(step.output, ['output'])
      break
  }
  return places
}

/** The innermost step that a path from the root leads into. */
export function stepOfPath(path: readonly (string | number)[]): string | undefined {
  let step: string | undefined
  let at = 0
  while (path[at] === 'steps' && typeof path[at + 1] === 'string') {
    step = path[at + 1] as string
    if (path[at + 2] === 'region') at += 3
    else if (path[at + 2] === 'branches' && typeof path[at + 3] === 'string') at += 4
    else break
  }
  return step
}

/** The value at a path; undefined when there is none. */
export function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string | number, unknown>)[key]
  }
  return value
}

function rawList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
