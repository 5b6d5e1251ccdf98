/**
 * Renaming a step everywhere: its key, the arrows to it, and the expressions that read it. Expressions are changed at
 * the places their syntax names, so a field or a text that happens to be the same word stays.
 */
import { parseExpression } from '../expression/expression'
import { parseTemplate } from '../expression/mapping'
import { setAt } from './edit-value'
import { portsOf, readPort, writePort } from './ports-of-step'
import {
  expressionPlaces,
  isRawMap,
  type RawMap,
  type RawStep,
  rawSteps,
  valueAt,
} from './raw-steps'

export function renameInDocument(root: RawMap, found: RawStep, to: string): RawMap {
  let value = root
  for (const { path, step } of rawSteps(root)) {
    for (const port of portsOf(path, step)) {
      if (readPort(root, port) === found.id) value = writePort(value, port, to)
    }
    for (const place of expressionPlaces(step)) {
      const renamed =
        place.kind === 'template'
          ? renameInTemplate(place.source, found.id, to)
          : renameInExpression(place.source, found.id, to)
      if (renamed !== place.source) value = setAt(value, [...path, ...place.path], renamed)
    }
  }
  for (const region of [[], ...rawSteps(root).map((step) => step.region)]) {
    const start = { path: [...region, 'start'] }
    if (readPort(root, start) === found.id) value = writePort(value, start, to)
  }
  return renameKey(value, found, to)
}

/** The source with each `steps.<id>` renamed; unchanged when it does not parse. */
export function renameInExpression(source: string, id: string, to: string): string {
  const parsed = parseExpression(source)
  if (!parsed.ok) return source
  let result = ''
  let at = 0
  for (const reference of parsed.expression.stepReferences) {
    if (reference.name !== id) continue
    const quote = source[reference.start] ?? ''
    const isQuoted = quote === '"' || quote === "'" || quote === '`'
    const written = isQuoted ? quote + to + quote : WORDS_OF_JSONATA.has(to) ? `\`${to}\`` : to
    result += source.slice(at, reference.start) + written
    at = reference.end
  }
  return result + source.slice(at)
}

/** Names that JSONata would read as something else. */
const WORDS_OF_JSONATA = new Set(['and', 'or', 'in', 'true', 'false', 'null', 'function'])

function renameInTemplate(source: string, id: string, to: string): string {
  const template = parseTemplate(source)
  if (!template.ok) return source
  let result = ''
  let at = 0
  for (const part of template.parts) {
    if (typeof part === 'string') continue
    result += source.slice(at, part.start) + renameInExpression(part.source, id, to)
    at = part.start + part.source.length
  }
  return result + source.slice(at)
}

/** Keeps the order of the steps. */
function renameKey(root: RawMap, found: RawStep, to: string): RawMap {
  const path = [...found.region, 'steps']
  const steps = valueAt(root, path)
  if (!isRawMap(steps)) return root
  const entries = Object.entries(steps).map(([key, step]) => [key === found.id ? to : key, step])
  return setAt(root, path, Object.fromEntries(entries))
}
