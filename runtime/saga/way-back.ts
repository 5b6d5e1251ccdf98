/**
 * Which steps are still to be undone, and which of them may be undone now: worked out once when the saga begins to
 * unwind, and then kept up to date, so that a compensation's end costs what its neighbours in the drawing cost.
 *
 * 1. It is derived from the records alone and no part of the snapshot: whoever loads the saga works it out again, and
 *    finds the same. It belongs to one object of records (`SagaState.steps`); an owner's stays the same over turns.
 * 2. A step blocks those before it while it is open. A step that blocks nobody, but lies before one that does, passes
 *    that on: one count per step, of its arrows that lead to such steps.
 * 3. It starts nothing and knows no strategy; unwind.ts does.
 */
import type { CompiledRegion } from '../compiler/compile'
import type { SagaDocument, Step } from '../definition/schema'
import type { StepRecord } from './state'

type Records = Record<string, StepRecord>

/** What a record says of the way back; the rules are in unwind.ts. */
export interface Standing {
  /** It runs, or an effect of it is still to be undone. */
  open: boolean
  /** A call or child is about it. */
  underWay: boolean
  /** Its compensation has no attempt left. */
  exhausted: boolean
  /** Those before it wait for it. */
  blocks: boolean
}

export interface WayBackRules {
  region: CompiledRegion
  order: SagaDocument['compensationOrder']
  standing(step: Step, record: StepRecord): Standing
}

interface Node extends Standing {
  id: string
  /** Its place among the steps of the scope: those that may start together start in this order. */
  rank: number
  /** Arrows from here that lead to a step that blocks, or passes a block on. */
  blockers: number
  /** It blocks, or passes a block on. */
  pending: boolean
}

const known = new WeakMap<Records, Map<string, Scope>>()

/** The scope of these records: the losing branches `members` of join `name`, or with neither the whole saga. */
export function scopeOf(
  records: Records,
  rules: WayBackRules,
  name = '',
  members?: readonly string[],
): Scope {
  let scopes = known.get(records)
  if (!scopes) {
    scopes = new Map()
    known.set(records, scopes)
  }
  let scope = scopes.get(name)
  if (!scope) {
    scope = new Scope(records, rules, members)
    scopes.set(name, scope)
  }
  return scope
}

/** These records were written. Nothing is done when nothing was asked about the way back yet. */
export function keepUp(records: Records, rules: WayBackRules, ids: Iterable<string>): void {
  const scopes = known.get(records)
  if (!scopes) return
  for (const id of ids) for (const scope of scopes.values()) scope.refresh(records, rules, id)
}

/** The losing branches of this join are undone, or the whole saga unwinds; without a name, nothing is known any more. */
export function forgetScope(records: Records, name?: string): void {
  if (name === undefined) known.delete(records)
  else known.get(records)?.delete(name)
}

export class Scope {
  readonly #nodes = new Map<string, Node>()
  /** Those that may start, as far as arrows say (`dependency`). */
  readonly #ready = new Set<Node>()
  /** In the order in which the steps were started (`reverse`), and the last of them that blocks. */
  readonly #started: Node[] = []
  readonly #places = new Map<Node, number>()
  #last = -1
  #open = 0
  #underWay = 0

  constructor(records: Records, rules: WayBackRules, members?: readonly string[]) {
    const ids = members ?? Object.keys(records)
    for (const [rank, id] of ids.entries()) this.#add(id, rank)
    if (rules.order === 'reverse') {
      for (const node of this.#nodes.values()) if (records[node.id]) this.#started.push(node)
      this.#started.sort((a, b) => (records[a.id]?.order ?? 0) - (records[b.id]?.order ?? 0))
      for (const [place, node] of this.#started.entries()) this.#places.set(node, place)
    } else if (!members)
      // A block is passed on by steps that were never entered, too.
      for (const id of rules.region.steps.keys()) if (!this.#nodes.has(id)) this.#add(id, -1)
    for (const id of ids) this.refresh(records, rules, id)
  }

  has(id: string): boolean {
    return this.#nodes.has(id)
  }

  isDone(): boolean {
    return this.#open === 0
  }

  isMoving(): boolean {
    return this.#underWay > 0
  }

  /** Those that may be undone now, in the order of their ranks. */
  due(): string[] {
    const last = this.#started[this.#last]
    if (last) return canStart(last) ? [last.id] : []
    return [...this.#ready].sort((a, b) => a.rank - b.rank).map(({ id }) => id)
  }

  /** All that are open, in the order of their ranks. Looks at every step: for the end, when nothing moves. */
  open(): string[] {
    return [...this.#nodes.values()].filter(({ open }) => open).map(({ id }) => id)
  }

  /** The step's record was written. */
  refresh(records: Records, { region, order, standing }: WayBackRules, id: string): void {
    const node = this.#nodes.get(id)
    const record = records[id]
    const step = region.steps.get(id)
    if (!node || !record || !step) return
    const now = standing(step, record)
    this.#open += Number(now.open) - Number(node.open)
    this.#underWay += Number(now.underWay) - Number(node.underWay)
    Object.assign(node, now)
    if (order === 'reverse') this.#moveLast(node)
    else {
      this.#look(node)
      this.#passOn(node, region)
    }
  }

  #add(id: string, rank: number): void {
    this.#nodes.set(id, {
      id,
      rank,
      blockers: 0,
      pending: false,
      open: false,
      underWay: false,
      exhausted: false,
      blocks: false,
    })
  }

  #moveLast(node: Node): void {
    const place = this.#places.get(node) ?? -1
    if (node.blocks && place > this.#last) this.#last = place
    while (this.#last >= 0 && !this.#started[this.#last]?.blocks) this.#last--
  }

  #passOn(first: Node, region: CompiledRegion): void {
    const stack = [first]
    for (let node = stack.pop(); node; node = stack.pop()) {
      const pending = node.blocks || node.blockers > 0
      if (pending === node.pending) continue
      node.pending = pending
      for (const id of region.predecessors.get(node.id) ?? []) {
        const before = this.#nodes.get(id)
        if (!before) continue
        before.blockers += pending ? 1 : -1
        this.#look(before)
        stack.push(before)
      }
    }
  }

  #look(node: Node): void {
    if (node.blockers === 0 && canStart(node)) this.#ready.add(node)
    else this.#ready.delete(node)
  }
}

function canStart({ open, underWay, exhausted }: Node): boolean {
  return open && !underWay && !exhausted
}
