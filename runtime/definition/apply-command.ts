/**
 * What an edit command means, on plain data. The data may be broken (a document is edited most while it is wrong), so
 * commands look only at what they need, and refuse with issues what makes no sense: unknown steps, used ids, ports
 * that a step does not have. Nothing is changed in place.
 */
import { SagaError } from '../errors'
import type { EditCommand, RegionPath } from './edit'
import {
  type Edited,
  plainCopy,
  type Refusal,
  refuse,
  removeAt,
  setAt,
  setBehind,
} from './edit-value'
import { type Port, portsOf, readPort, writePort } from './ports-of-step'
import { isRawMap, type RawMap, type RawPath, type RawStep, rawSteps, valueAt } from './raw-steps'
import { renameInDocument } from './rename-step'
import { type SagaDocument, sagaDocumentSchema } from './schema'

/** The document after a command; throws SagaError INVALID_DEFINITION with the issues when it is refused. */
export function applyCommand(document: SagaDocument, command: EditCommand): SagaDocument {
  const edited = applyToValue(document as unknown as RawMap, command)
  if ('issues' in edited) {
    throw new SagaError('INVALID_DEFINITION', edited.issues[0]?.message ?? 'The edit is refused', {
      issues: edited.issues,
    })
  }
  const parsed = sagaDocumentSchema.safeParse(edited.value)
  // Defaults are filled in as parsing would; what is not (yet) a document stays as it is.
  return parsed.success ? parsed.data : (edited.value as unknown as SagaDocument)
}

/** The same on any plain data. */
export function applyToValue(root: RawMap, command: EditCommand): Edited | Refusal {
  switch (command.type) {
    case 'setSaga':
      return setSaga(root, command.fields)
    case 'addStep':
      return addStep(root, command)
    case 'insertStep':
      return insertStep(root, command)
    case 'removeStep':
      return removeStep(root, command)
    case 'renameStep':
      return renameStep(root, command)
    case 'setStep':
      return setStep(root, command)
    case 'replaceStep':
      return replaceStep(root, command)
    case 'connect':
      return connect(root, command)
    case 'batch': {
      let value = root
      for (const inner of command.commands) {
        const edited = applyToValue(value, inner)
        if ('issues' in edited) return edited
        value = edited.value
      }
      return { value }
    }
    default: {
      const never: never = command
      return refuse('edit/unknown-command', `There is no command ${JSON.stringify(never)}.`)
    }
  }
}

type Command<T extends EditCommand['type']> = Extract<EditCommand, { type: T }>

const REQUIRED_FIELDS = ['kind', 'name', 'start', 'steps']

function setSaga(root: RawMap, fields: Command<'setSaga'>['fields']): Edited | Refusal {
  let value = root
  for (const [field, wanted] of Object.entries(fields)) {
    if (!Object.hasOwn(sagaDocumentSchema.shape, field)) {
      return refuse('edit/unknown-field', `A saga has no field \`${field}\`.`)
    }
    if (wanted === undefined) continue
    if (wanted !== null) value = setAt(value, [field], plainCopy(wanted))
    else if (REQUIRED_FIELDS.includes(field)) {
      return refuse('edit/required', `A saga cannot be without \`${field}\`.`, [field])
    } else value = removeAt(value, [field])
  }
  return refuseDuplicates(root, value)
}

function addStep(root: RawMap, { region, id, step }: Command<'addStep'>): Edited | Refusal {
  const path = regionPath(root, region)
  if (!path) return refuseRegion(region)
  const refusal = refuseId(root, id)
  if (refusal) return refusal
  return refuseDuplicates(root, setAt(root, [...path, 'steps', id], plainCopy(step)))
}

function insertStep(root: RawMap, command: Command<'insertStep'>): Edited | Refusal {
  const { region, from, port, id } = command
  const path = regionPath(root, region)
  if (!path) return refuseRegion(region)
  const refusal = refuseId(root, id)
  if (refusal) return refusal
  const source = findPort(root, path, from, port)
  if ('issues' in source) return source
  const target = readPort(root, source)
  let step = plainCopy(command.step) as RawMap
  // The new step goes where the arrow went, if it has an arrow of its own to go with.
  const [onward] = portsOf([], step).filter(
    ({ port: name }) => name === undefined || name === 'otherwise',
  )
  if (onward && target !== undefined) step = writePort(step, onward, target)
  const behind = from === null ? undefined : from
  const added = setBehind(root, [...path, 'steps'], id, step, behind)
  return refuseDuplicates(root, writePort(added, source, id))
}

function removeStep(root: RawMap, { id, reconnect }: Command<'removeStep'>): Edited | Refusal {
  const found = rawSteps(root).find((step) => step.id === id)
  if (!found) return refuseStep(id)
  const successor = reconnect ? successorOf(found) : undefined
  let value = root
  for (const port of portsInRegion(root, found.region)) {
    if (readPort(root, port) !== id) continue
    if (successor !== undefined) value = writePort(value, port, successor)
    // A branch and a start must name something: they keep the id, and the verifier tells that it is gone.
    else if (port.removes) value = removeAt(value, port.removes)
  }
  return { value: removeAt(value, found.path) }
}

/** Where a step leads when nothing special happens. */
function successorOf({ id, step, path }: RawStep): string | undefined {
  const main = portsOf(path, step).filter(({ port }) => port !== 'timeout')
  const usual = main.find(({ port }) => port === undefined || port === 'otherwise')
  const targets = [usual, ...main].map(
    (port) => port && readPort(step, { ...port, path: port.path.slice(path.length) }),
  )
  return targets.find((target): target is string => target !== undefined && target !== id)
}

function renameStep(root: RawMap, { id, to }: Command<'renameStep'>): Edited | Refusal {
  const found = rawSteps(root).find((step) => step.id === id)
  if (!found) return refuseStep(id)
  if (id === to) return { value: root }
  const refusal = refuseId(root, to)
  return refusal ?? { value: renameInDocument(root, found, to) }
}

function setStep(root: RawMap, { id, path, value }: Command<'setStep'>): Edited | Refusal {
  const found = rawSteps(root).find((step) => step.id === id)
  if (!found) return refuseStep(id)
  const full = [...found.path, ...path]
  if (path.length === 0 || path[0] === 'type') {
    return refuse('edit/type', `The type of step \`${id}\` changes by replacing the step.`, full)
  }
  for (let length = 0; length < path.length; length++) {
    const key = path[length]
    const holder = valueAt(found.step, path.slice(0, length))
    const fits =
      key === '__proto__'
        ? false
        : Array.isArray(holder)
          ? typeof key === 'number' && key >= 0 && key <= holder.length
          : holder === undefined || isRawMap(holder) || (holder === null && length > 0)
    if (!fits) {
      return refuse('edit/no-place', `Step \`${id}\` has no place \`${path.join('.')}\`.`, full)
    }
  }
  if (value === undefined) return { value: removeAt(root, full) }
  return refuseDuplicates(root, setAt(root, full, plainCopy(value)))
}

function replaceStep(root: RawMap, { id, step }: Command<'replaceStep'>): Edited | Refusal {
  const found = rawSteps(root).find((other) => other.id === id)
  return found ? refuseDuplicates(root, setAt(root, found.path, plainCopy(step))) : refuseStep(id)
}

function connect(root: RawMap, { region, from, port, to }: Command<'connect'>): Edited | Refusal {
  const path = regionPath(root, region)
  if (!path) return refuseRegion(region)
  const source = findPort(root, path, from, port)
  if ('issues' in source) return source
  if (to !== null) {
    const steps = valueAt(root, [...path, 'steps'])
    if (!isRawMap(steps) || !Object.hasOwn(steps, to)) {
      const isElsewhere = rawSteps(root).some((step) => step.id === to)
      return isElsewhere
        ? refuse(
            'edit/other-region',
            `Step \`${to}\` is in another region; arrows stay inside one.`,
          )
        : refuseStep(to)
    }
    return { value: writePort(root, source, to) }
  }
  if (source.removes) return { value: removeAt(root, source.removes) }
  if (source.branch) {
    const { list } = source.branch
    const branches = valueAt(root, list)
    if (Array.isArray(branches) && branches.length > 1) {
      return { value: removeAt(root, source.path.slice(0, -1)) }
    }
    return refuse('edit/last-branch', `Step \`${from}\` needs at least one branch.`, list)
  }
  return refuse(
    'edit/required',
    'A region must start with a step: connect it to another one.',
    source.path,
  )
}

/** Keys from the root to a region; undefined when there is none. */
export function regionPath(root: RawMap, region: RegionPath): RawPath | undefined {
  if (region.length === 0) return []
  const steps = rawSteps(root)
  const last = region.at(-1)
  const owner = region.at(-2)
  const parallel = steps.find(({ id, step }) => id === owner && step.type === 'parallel')
  if (parallel && last !== undefined) {
    const path = [...parallel.path, 'branches', last]
    if (isRawMap(valueAt(root, path))) return path
  }
  const map = steps.find(({ id, step }) => id === last && step.type === 'map')
  return map && isRawMap(map.step.region) ? [...map.path, 'region'] : undefined
}

function findPort(
  root: RawMap,
  region: RawPath,
  from: string | null,
  name: string | undefined,
): Port | Refusal {
  if (from === null) return { path: [...region, 'start'] }
  const path = [...region, 'steps', from]
  const step = valueAt(root, path)
  if (!isRawMap(step)) return refuseStep(from)
  const wanted = name === 'next' ? undefined : name
  const port = portsOf(path, step).find((candidate) => candidate.port === wanted)
  if (port) return port
  const what = wanted === undefined ? 'no arrow of its own' : `no port \`${wanted}\``
  return refuse('edit/no-port', `Step \`${from}\` (${String(step.type)}) has ${what}.`, path)
}

function portsInRegion(root: RawMap, region: RawPath): Port[] {
  const steps = valueAt(root, [...region, 'steps'])
  const inside = isRawMap(steps) ? Object.entries(steps) : []
  return [
    { path: [...region, 'start'] },
    ...inside.flatMap(([id, step]) =>
      isRawMap(step) ? portsOf([...region, 'steps', id], step) : [],
    ),
  ]
}

function refuseStep(id: string): Refusal {
  return refuse('edit/unknown-step', `There is no step \`${id}\` here.`)
}

function refuseRegion(region: RegionPath): Refusal {
  return refuse('edit/unknown-region', `There is no region \`${region.join('.')}\`.`)
}

/** A refusal when an id cannot be given to a new step. */
function refuseId(root: RawMap, id: string): Refusal | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(id) || id === '__proto__') {
    const rule = 'Use letters, digits and _; start with a letter; at most 64.'
    return refuse('edit/id', `\`${id}\` cannot be the id of a step.`, [], rule)
  }
  if (!rawSteps(root).some((step) => step.id === id)) return undefined
  return refuse(
    'edit/duplicate-step',
    `There is a step \`${id}\` already.`,
    [],
    'Choose another id.',
  )
}

/** Refuses what would bring in an id twice, e.g. in the regions of an added step; old duplicates may stay. */
function refuseDuplicates(before: RawMap, after: RawMap): Edited | Refusal {
  const count = (root: RawMap) => {
    const counts = new Map<string, number>()
    for (const { id } of rawSteps(root)) counts.set(id, (counts.get(id) ?? 0) + 1)
    return counts
  }
  const known = count(before)
  for (const [id, times] of count(after)) {
    if (times > 1 && times > (known.get(id) ?? 0)) {
      return refuse(
        'edit/duplicate-step',
        `There would be two steps \`${id}\`.`,
        [],
        'Choose other ids.',
      )
    }
  }
  return { value: after }
}
