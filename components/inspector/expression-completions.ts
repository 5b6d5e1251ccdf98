/**
 * What an expression at a step can read, for completion: the saga's input by its schema, the outputs of steps that are
 * certain or likely to have run before, the saga's own facts, and functions.
 */
import type { SagaDocument } from '@/runtime/definition/schema'
import { BUILT_IN_FUNCTIONS } from '@/runtime/expression/built-ins'
import { type StepIndex, titleOf } from '../canvas/step-index'
import type { Catalog } from '../canvas/step-picker'

export interface Completion {
  /** Replaces the word before the cursor. */
  text: string
  detail: string
}

export interface ExpressionPlace {
  /** The step whose expression it is; null for the saga's own. */
  step: string | null
  /** Inside a compensation `output` can be read. */
  compensation?: boolean
}

const LIMIT = 40

/** The word before the cursor that a completion would replace. */
export function wordBefore(text: string, cursor: number): string {
  return /[\w.$`]*$/.exec(text.slice(0, cursor))?.[0] ?? ''
}

/** Completions for a word, best first; none for an empty word unless asked for. */
export function completionsFor(
  word: string,
  place: ExpressionPlace,
  { document, index, catalog }: { document: SagaDocument; index: StepIndex; catalog: Catalog },
): Completion[] {
  const all: Completion[] = []
  const add = (text: string, detail: string) => all.push({ text, detail })
  add('input', 'what the saga was started with')
  for (const [name, detail] of propertiesOf(document.input)) add(`input.${nameIn(name)}`, detail)
  for (const id of before(place.step, index)) {
    const step = index.steps.get(id)?.step
    if (!step) continue
    add(`steps.${id}`, `output of ${titleOf(id, step)}`)
    if (step.type !== 'action') continue
    const participant = catalog.participants.find(({ name }) => name === step.participant)
    const operation = participant?.operations.find(({ name }) => name === step.operation)
    for (const [name, detail] of propertiesOf(operation?.output)) {
      add(`steps.${id}.${nameIn(name)}`, detail)
    }
  }
  if (place.compensation) {
    add('output', "the step's own output; absent when its outcome is unknown")
    const own = place.step === null ? undefined : index.steps.get(place.step)?.step
    if (own?.type === 'action') {
      const participant = catalog.participants.find(({ name }) => name === own.participant)
      const operation = participant?.operations.find(({ name }) => name === own.operation)
      for (const [name, detail] of propertiesOf(operation?.output)) {
        add(`output.${nameIn(name)}`, detail)
      }
    }
  }
  if (place.step !== null && insideMap(place.step, index)) {
    add('item', 'the item of this round')
    add('index', 'its position, from 0')
  }
  add('saga.id', 'id of this run')
  add('saga.name', 'name of the definition')
  add('saga.ventureId', 'the venture it belongs to')
  add('saga.startedAt', 'when it was started')
  if (word.startsWith('$')) for (const name of BUILT_IN_FUNCTIONS) add(`$${name}(`, 'function')
  const wanted = word.toLowerCase()
  const starts = all.filter(({ text }) => text.toLowerCase().startsWith(wanted) && text !== word)
  const holds = all.filter(
    ({ text }) =>
      wanted.length > 1 &&
      !starts.some((one) => one.text === text) &&
      text.toLowerCase().includes(wanted) &&
      text !== word,
  )
  return [...starts, ...holds].slice(0, LIMIT)
}

/** Steps whose output may be there when this one runs. */
function before(step: string | null, index: StepIndex): string[] {
  if (step === null) return [...index.steps.keys()]
  return [...index.steps.keys()].filter(
    (id) => id !== step && index.graph.reachableFrom(id).has(step),
  )
}

function insideMap(step: string, index: StepIndex): boolean {
  const region = index.steps.get(step)?.region ?? []
  return (
    region.some((part) => index.steps.get(part)?.step.type === 'map') ||
    index.steps.get(step)?.step.type === 'map'
  )
}

/** Property names with their titles, of a JSON Schema of an object. */
export function propertiesOf(schema: Record<string, unknown> | undefined): [string, string][] {
  const properties = schema?.properties
  if (typeof properties !== 'object' || properties === null) return []
  return Object.entries(properties).map(([name, value]) => {
    const { title, description, type } = (value ?? {}) as Record<string, unknown>
    const detail = [title, description, type].find((part) => typeof part === 'string')
    return [name, typeof detail === 'string' ? detail : '']
  })
}

const nameIn = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : `\`${name}\``)
