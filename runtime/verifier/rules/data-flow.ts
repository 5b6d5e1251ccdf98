/**
 * Does every expression read only what surely exists when it is evaluated? What a step reads must have run on *every*
 * way to it (assignment.ts); a finding names a way on which it did not.
 *
 * An expression that asks `$exists(steps.x)` knows that some way skips x, so its reads of x are taken as meant.
 */
import type { EditCommand } from '../../definition/edit'
import type { GraphStep } from '../../definition/graph'
import type { Fix, Issue } from '../../definition/issue'
import { closest } from '../../definition/nearest'
import { type Assignment, assignmentOf, branchesNeeded, yieldsOutput } from '../assignment'
import type { ExpressionSite } from '../expression-sites'
import { type Rule, type RuleContext, stepIssue } from '../rule'
import { quote } from '../wording'

const ROOTS = ['input', 'steps', 'saga', 'item', 'index', 'output']

export const dataFlow: Rule = {
  prefix: 'data',
  run(context) {
    const watched = new Set(context.sites.flatMap(({ reads }) => reads.steps))
    const flow: Flow = {
      ...context,
      assigned: assignmentOf(context.graph, watched),
      ...ways(context),
    }
    return context.sites.flatMap((site) => [...names(site, flow), ...steps(site, flow)])
  },
}

interface Flow extends RuleContext {
  assigned: Assignment
  /** True when control flow can go from one step to the other. */
  leads(from: string, to: string): boolean
}

type Finding = Pick<Issue, 'code' | 'message' | 'hint' | 'fixes'>

function report({ step, at }: ExpressionSite, { graph }: Flow, finding: Finding): Issue[] {
  const found = graph.steps.get(step)
  return found === undefined ? [] : [stepIssue(found, { ...finding, at, severity: 'error' })]
}

// ── names at the root of an expression ──

function names(site: ExpressionSite, flow: Flow): Issue[] {
  const { reads, moment, where } = site
  const who = flow.name(site.step)
  const finding = (value: Finding) => report(site, flow, value)
  if (site.problem !== undefined) {
    const message = `${who} has a faulty expression in ${where}: ${site.problem}.`
    return finding({ code: 'data/expression', message, hint: 'Correct the expression.' })
  }
  const issues: Issue[] = []
  for (const name of new Set(reads.unknown.map(({ name }) => name))) {
    const root = closest(name, ROOTS)
    const hint = flow.graph.steps.has(name)
      ? `To read the output of that step, write steps.${name}.`
      : root === undefined
        ? 'Expressions read input, steps and saga; in a map also item and index, in a compensation output.'
        : `Did you mean ${root}?`
    const message = `${who} reads ${quote(name)} in ${where}, and there is no such name.`
    issues.push(...finding({ code: 'data/unknown-name', message, hint }))
  }
  if ((reads.item || reads.index) && moment !== 'item' && !insideMap(site.step, flow)) {
    issues.push(
      ...finding({
        code: 'data/item-outside-map',
        message: `${who} reads ${reads.item ? 'item' : 'index'} in ${where}, outside any map.`,
        hint: 'Only steps inside a map have an item and an index.',
      }),
    )
  }
  if (reads.output && moment !== 'compensation') {
    issues.push(
      ...finding({
        code: 'data/output-outside-compensation',
        message: `${who} reads output in ${where}, which only a compensation has.`,
        hint: 'To read the output of an earlier step, write steps.<id>.',
      }),
    )
  }
  return issues
}

function insideMap(id: string, { graph }: Flow): boolean {
  return ancestors(id, graph).some((at) => graph.steps.get(at)?.step.type === 'map')
}

/** The containers around a step, innermost first. */
function ancestors(id: string, graph: RuleContext['graph']): string[] {
  const around: string[] = []
  let at = graph.steps.get(id)?.parent ?? null
  while (at !== null) {
    around.push(at)
    at = graph.steps.get(at)?.parent ?? null
  }
  return around
}

// ── outputs of steps ──

function steps(site: ExpressionSite, flow: Flow): Issue[] {
  if (!flow.assigned.reaches(site.step)) return []
  return site.reads.steps.flatMap((id) => {
    const finding = known(site, id, flow) ? undefined : whyNot(site, id, flow)
    return finding === undefined ? [] : report(site, flow, finding)
  })
}

function known({ moment, step }: ExpressionSite, id: string, { assigned }: Flow): boolean {
  return moment === 'item' ? assigned.atEndOf(step, id) : assigned.before(step, id)
}

/** The id is an existing step's, so it has no characters that mean something in a pattern. */
function asksWhetherItExists(source: string, id: string): boolean {
  return new RegExp(`\\$exists\\(\\s*steps\\s*\\.\\s*[\`"]?${id}(?!\\w)`).test(source)
}

function whyNot(site: ExpressionSite, id: string, flow: Flow): Finding | undefined {
  const { graph, name, reachable } = flow
  const { step: reader, where, moment } = site
  const who = name(reader)
  const reads = `${who} reads steps.${id} in ${where}`
  const target = graph.steps.get(id)
  if (target === undefined) {
    const guess = closest(id, [...graph.steps.keys()])
    return {
      code: 'data/unknown-step',
      message: `${reads}, and there is no step ${quote(id)}.`,
      hint: guess === undefined ? 'Name an existing step.' : `Did you mean steps.${guess}?`,
      fixes: guess === undefined ? [] : [rename(site, id, guess)],
    }
  }
  if (!yieldsOutput(target.step.type)) {
    return {
      code: 'data/yields-nothing',
      message: `${reads}, and a ${target.step.type} step has no output.`,
      hint: 'Read the output of an action, signal, approval, map or child saga.',
    }
  }
  if (id === reader) {
    return {
      code: 'data/reads-itself',
      message: `${reads}, its own output.`,
      hint:
        moment === 'compensation'
          ? 'A compensation reads the output of its own step as output.'
          : 'A step can read only what ran before it.',
    }
  }
  const map = mapAround(id, reader, flow)
  if (map !== undefined && !(moment === 'item' && map === reader)) {
    return {
      code: 'data/out-of-scope',
      message: `${reads}, which runs once per item inside map ${name(map)} and is not seen outside.`,
      hint: `Read steps.${map}: it is the list of what each item yields.`,
    }
  }
  if (!reachable.has(id)) {
    return {
      code: 'data/never-assigned',
      message: `${reads}, which never runs.`,
      hint: `Draw a way to ${name(id)}, or read another step.`,
    }
  }
  const fork = forkOf(id, reader, graph)
  if (fork !== undefined) {
    return {
      code: 'data/other-branch',
      message: `${reads}, which runs in another branch of ${name(fork)} and may not have finished.`,
      hint: `Read it behind ${name(fork)}, or move it before.`,
    }
  }
  const within = ancestors(reader, graph).includes(id)
  if (within || (moment !== 'item' && !flow.leads(id, reader))) {
    const after = within || flow.leads(reader, id)
    return {
      code: 'data/comes-later',
      message: after
        ? `${reads}, which runs only later.`
        : `${reads}, and no way leads from ${name(id)} to ${who}.`,
      hint: 'A step can read only what ran before it.',
    }
  }
  if (asksWhetherItExists(site.source, id)) return undefined
  return {
    code: 'data/maybe-unassigned',
    message: `${reads}, but ${name(id)} does not run on this way: ${witness(site, id, flow)}.`,
    hint: `Draw every way through ${name(id)}, or ask first: $exists(steps.${id}) ? … : ….`,
  }
}

function rename(site: ExpressionSite, from: string, to: string): Fix {
  const reference = site.references.find(({ name }) => name === from)
  const value = reference === undefined ? site.source : site.renamed(reference, to)
  const command: EditCommand = { type: 'setStep', id: site.step, path: site.at, value }
  return { title: `Read steps.${to}`, commands: [command] }
}

/** The outermost map that `id` is in and the reader is not. */
function mapAround(id: string, reader: string, { graph }: Flow): string | undefined {
  const readers = new Set(ancestors(reader, graph))
  return ancestors(id, graph).findLast(
    (at) => !readers.has(at) && graph.steps.get(at)?.step.type === 'map',
  )
}

/** The parallel step of which both are in different branches. */
function forkOf(a: string, b: string, graph: RuleContext['graph']): string | undefined {
  const both = new Set(ancestors(b, graph))
  const fork = ancestors(a, graph).find((id) => both.has(id))
  if (fork === undefined || graph.steps.get(fork)?.step.type !== 'parallel') return undefined
  return branchOf(a, fork, graph) === branchOf(b, fork, graph) ? undefined : fork
}

/** The branch of a parallel step that a step is in, at any depth. */
function branchOf(id: string, parallel: string, graph: RuleContext['graph']): string | undefined {
  const depth = graph.steps.get(parallel)?.region.length ?? 0
  return graph.steps.get(id)?.region[depth + 1]
}

// ── a way on which it does not run ──

/** The end of such a way, from where it leaves the ways that lead to `id`. At most eight steps are named. */
function witness(site: ExpressionSite, id: string, flow: Flow): string {
  const { graph, name, assigned } = flow
  const way: string[] = [name(site.step)]
  const seen = new Set<string>()
  let at = site.step
  let inside = site.moment === 'item'
  for (;;) {
    if (inside) {
      const end = endWithout(at, id, flow)
      if (end === undefined) break
      way.unshift(name(end))
      at = end
      inside = false
      if (flow.leads(at, id)) break
      continue
    }
    if (seen.has(at)) break
    seen.add(at)
    const arrow = assigned.arrowsInto(at).find((edge) => !assigned.along(edge, id))
    if (arrow?.from == null) {
      const parent = graph.steps.get(at)?.parent ?? null
      if (parent === null) break
      at = parent
      continue
    }
    const from = graph.steps.get(arrow.from)
    at = arrow.from
    way.unshift(nodeOnWay(from, arrow.label, flow))
    inside = ancestors(id, graph).includes(at)
    if (inside && from?.step.type === 'parallel') {
      const { step } = from
      if (branchesNeeded(step) < Object.keys(step.branches).length) break
    } else if (flow.leads(at, id)) break
  }
  const shown = way.length > 8 ? [...way.slice(0, 5), '…', ...way.slice(-2)] : way
  return shown.join(' → ')
}

function nodeOnWay(
  found: GraphStep | undefined,
  label: string | undefined,
  { name }: Flow,
): string {
  if (found === undefined) return ''
  const { id, step } = found
  if (step.type === 'parallel') {
    const needed = branchesNeeded(step)
    const count = Object.keys(step.branches).length
    return needed < count ? `${name(id)} (goes on after ${needed} of ${count} branches)` : name(id)
  }
  return label === undefined ? name(id) : `${name(id)} (${label})`
}

/** A step at which the region of `container` that holds `id` may end well although `id` did not run. */
function endWithout(container: string, id: string, { graph, assigned }: Flow): string | undefined {
  const region = graph.regions.find(
    (one) =>
      one.owner === container &&
      (one.steps.includes(id) || ancestors(id, graph).some((around) => one.steps.includes(around))),
  )
  return region?.steps.find(
    (step) => graph.endsRegion(step) && assigned.reaches(step) && !assigned.after(step, id),
  )
}

/** How many steps' ancestors are remembered: a finding asks about one or two of them many times. */
const REMEMBERED = 64

/** Reachability, worked out per target on asking: only findings ask. Numbers and bytes, for there may be many findings. */
function ways({ graph }: RuleContext): Pick<Flow, 'leads'> {
  const number = new Map(graph.order.map((id, index) => [id, index]))
  let backwards: number[][] | undefined
  const ancestorsOf = new Map<string, Uint8Array>()

  const ancestors = (id: string): Uint8Array => {
    backwards ??= reversed()
    const found = new Uint8Array(graph.order.length)
    const open = [number.get(id) ?? -1]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const before of backwards[at] ?? []) {
        if (found[before] === 1) continue
        found[before] = 1
        open.push(before)
      }
    }
    return found
  }
  const reversed = () => {
    const into: number[][] = graph.order.map(() => [])
    for (const [index, id] of graph.order.entries()) {
      for (const next of graph.flowsTo(id)) into[number.get(next) ?? -1]?.push(index)
    }
    return into
  }
  return {
    leads(from, to) {
      let found = ancestorsOf.get(to)
      if (found === undefined) {
        if (ancestorsOf.size >= REMEMBERED) ancestorsOf.clear()
        found = ancestors(to)
        ancestorsOf.set(to, found)
      }
      return found[number.get(from) ?? -1] === 1
    },
  }
}
