/**
 * What an ended saga must have left at the services, worked out from the drawing and the services' own memory:
 *
 * 1. A step takes effect at most once, under one key.
 * 2. COMPLETED: every step on the way taken stands, and nothing else does.
 * 3. ROLLED_BACK: nothing stands.
 * 4. FAILED: what stands is named.
 * 5. An effect is not there without an entry that called for it.
 */
import type { Region, Step } from '@/runtime/definition/schema'
import type { Fact } from '@/runtime/journal/entry'
import type { Case, Judged } from './judge'

/** What one idempotency key did, at a service or by statements. */
interface Effect {
  key: string
  step: string
  kind: 'action' | 'compensation' | null
  effects: number
  undone: number
}

export function judgeOutcome(one: Case, judged: Judged, sagas: ReadonlyMap<string, Judged>): void {
  const { world, service, bank } = one
  const { id, state } = judged
  const wrong = (code: string, text: string) => world.violate(code, `${id}: ${text}`)
  const document = one.documentOf(state.definition.name)
  const region = state.region === null ? document : findMap(document, state.region)
  if (!region) return wrong('NO_REGION', `${state.region} is not in ${document.name}`)
  const mine = [...service.rows.values(), ...bank.rows.values()].filter((row) => row.sagaId === id)
  const standing = standingSteps(mine, wrong)
  // An operator undid it by hand, and said so.
  for (const fact of judged.entries.flatMap((entry) => entry.facts))
    if (fact.t === 'compensation.resolved' && !state.left?.includes(fact.step))
      standing.delete(fact.step)
  const children = [...sagas.values()].filter((other) => other.state.parent?.sagaId === id)

  if (state.status === 'ROLLED_BACK') {
    for (const step of standing) wrong('LEFT_STANDING', `${step} stands after the rollback`)
    for (const child of children)
      if (child.state.status !== 'ROLLED_BACK')
        wrong('LEFT_STANDING', `child ${child.id} is ${child.state.status} after the rollback`)
  } else if (state.status === 'FAILED') {
    for (const step of standing)
      if (!state.left?.includes(step)) wrong('UNNAMED', `${step} stands and is not named`)
  } else if (state.status === 'COMPLETED') {
    const way = new Way(judged, standing, children)
    way.walk(region)
    for (const text of way.missing) wrong('MISSING', text)
    for (const step of standing)
      if (!way.expected.has(step)) wrong('TOO_MUCH', `${step} stands, but is not on the way taken`)
  }
}

/** Steps whose effect stands. */
function standingSteps(rows: Effect[], wrong: (code: string, text: string) => void): Set<string> {
  const standing = new Set<string>()
  const acted = new Map<string, string>()
  for (const row of rows) {
    if (row.effects > 1) wrong('TWICE', `${row.key} took effect ${row.effects} times`)
    if (row.effects === 0 || row.kind !== 'action') continue
    const other = acted.get(row.step)
    if (other !== undefined) wrong('TWICE', `${row.step} took effect as ${other} and as ${row.key}`)
    acted.set(row.step, row.key)
    if (row.undone < row.effects) standing.add(row.step)
  }
  return standing
}

function findMap(region: Region, id: string): Region | undefined {
  for (const [name, step] of Object.entries(region.steps)) {
    if (step.type === 'map') {
      const found = name === id ? step.region : findMap(step.region, id)
      if (found) return found
    } else if (step.type === 'parallel')
      for (const branch of Object.values(step.branches)) {
        const found = findMap(branch, id)
        if (found) return found
      }
  }
  return undefined
}

/** The way that a completed saga took through the drawing, by its facts about choices and branches. */
class Way {
  readonly expected = new Set<string>()
  readonly missing: string[] = []
  readonly #standing: ReadonlySet<string>
  readonly #children: readonly Judged[]
  readonly #facts: Fact[]

  constructor(judged: Judged, standing: ReadonlySet<string>, children: readonly Judged[]) {
    this.#standing = standing
    this.#children = children
    this.#facts = judged.entries.flatMap((entry) => entry.facts)
  }

  walk(region: Region): void {
    for (let id: string | undefined = region.start; id !== undefined; ) {
      const step: Step | undefined = region.steps[id]
      if (!step) return
      id = this.#step(id, step)
    }
  }

  /** Returns the step after it. */
  #step(id: string, step: Step): string | undefined {
    switch (step.type) {
      case 'action':
        this.expected.add(id)
        if (!this.#standing.has(id)) this.missing.push(`${id} has no effect though it completed`)
        return step.next
      case 'choice': {
        // Conditions are `true` and `false` here.
        const taken = step.branches.find((branch) => branch.when === 'true')
        return taken?.next ?? step.otherwise
      }
      case 'parallel': {
        const won = Object.keys(step.branches).filter((name) =>
          this.#facts.some(
            (fact) =>
              fact.t === 'branch.ended' && fact.step === id && fact.branch === name && fact.ok,
          ),
        )
        const all = Object.keys(step.branches).length
        const needed = step.join === 'all' ? all : step.join === 'any' ? 1 : step.join.quorum
        if (won.length < needed) this.missing.push(`${id} has ${won.length} of ${needed} branches`)
        for (const name of won) this.walk(step.branches[name] as Region)
        return step.next
      }
      case 'map': {
        const items = JSON.parse(step.items) as unknown[]
        this.#completed(id, items.length)
        return step.next
      }
      case 'saga':
        this.#completed(id, 1)
        return step.next
      case 'end':
        return undefined
      case 'signal': {
        const isLate = this.#facts.some((fact) => fact.t === 'step.stopped' && fact.step === id)
        return isLate ? step.onTimeout?.next : step.next
      }
      case 'wait':
      case 'approval':
      case 'transaction':
        return step.next
    }
  }

  #completed(id: string, count: number): void {
    const children = this.#children.filter((child) => child.state.parent?.step === id)
    const completed = children.filter((child) => child.state.status === 'COMPLETED')
    if (completed.length !== count || children.length !== count)
      this.missing.push(
        `${id} completed with ${completed.length} of ${count} children (${children.length} started)`,
      )
  }
}
