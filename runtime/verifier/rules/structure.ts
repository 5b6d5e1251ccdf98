/**
 * Is the drawing whole: does every arrow end somewhere, is every step reached, does every way come to an end?
 * An `end` step with a `next` cannot get here: the schema has no such key.
 */
import type { EditCommand } from '../../definition/edit'
import type { GraphEdge, GraphRegion, GraphStep } from '../../definition/graph'
import type { Issue } from '../../definition/issue'
import { closest } from '../../definition/nearest'
import type { ChoiceStep, ParallelStep } from '../../definition/schema'
import { type Rule, type RuleContext, stepIssue } from '../rule'
import { list, quote } from '../wording'

export const structure: Rule = {
  prefix: 'structure',
  run: (context) => [
    ...context.graph.duplicates.map(duplicateId),
    ...regions(context),
    ...context.graph.dangling.flatMap((edge) => missingTarget(edge, context)),
    ...context.graph.cycles.map((cycle) => namedCycle(cycle, context)),
    ...unreachable(context),
    ...[...context.graph.steps.values()].flatMap((found) => {
      if (found.step.type === 'choice') return openChoice(found, found.step, context)
      if (found.step.type === 'parallel') return branchCount(found, found.step, context)
      return []
    }),
    ...neverCompletes(context),
  ],
}

/** True when one of the conditions is written so that it always holds. */
export function alwaysDecides(step: ChoiceStep): boolean {
  return step.otherwise !== undefined || step.branches.some(({ when }) => when.trim() === 'true')
}

function duplicateId(found: GraphStep): Issue {
  return stepIssue(found, {
    code: 'structure/duplicate-id',
    severity: 'error',
    message: `Another step is already called ${quote(found.id)}.`,
    hint: 'Step ids are unique in the whole saga, also between branches: rename one of the two.',
  })
}

function regionName({ region, owner }: GraphRegion, context: RuleContext): string {
  if (owner === null) return 'The saga'
  if (context.graph.steps.get(owner)?.step.type === 'map') return `Map ${context.name(owner)}`
  return `Branch ${quote(region.at(-1) ?? '')} of ${context.name(owner)}`
}

function regions(context: RuleContext): Issue[] {
  return context.graph.regions
    .filter(({ steps }) => steps.length === 0)
    .map((region) => ({
      code: 'structure/no-steps',
      severity: 'error',
      path: [...region.path, 'steps'],
      ...(region.owner === null ? {} : { step: region.owner }),
      message: `${regionName(region, context)} has no steps.`,
      hint:
        region.owner === null
          ? 'Add the first step.'
          : 'Add a step, or remove what is empty from the drawing.',
    }))
}

function missingTarget(edge: GraphEdge, context: RuleContext): Issue[] {
  const { graph } = context
  const home = graph.regions.find(({ region }) => samePlace(region, edge.region))
  // An empty region has one finding, and an id used twice has its own.
  if (home === undefined || home.steps.length === 0) return []
  if (graph.duplicates.some(({ id, region }) => id === edge.to && samePlace(region, edge.region))) {
    return []
  }
  const exists = graph.steps.get(edge.to)
  const guess =
    edge.from === null
      ? (closest(edge.to, home.steps) ??
        home.steps.find((id) => graph.predecessors(id).length === 0) ??
        home.steps[0])
      : closest(edge.to, home.steps)
  const place = { region: edge.region, from: edge.from }
  const port = edge.port === undefined || edge.port === 'next' ? {} : { port: edge.port }
  const connect = (to: string | null): EditCommand => ({ type: 'connect', ...place, ...port, to })
  const fixes = [
    ...(guess === undefined || guess === edge.from
      ? []
      : [
          {
            title:
              edge.from === null
                ? `Start at ${context.name(guess)}`
                : `Go to ${context.name(guess)}`,
            commands: [connect(guess)],
          },
        ]),
    ...(canCut(edge, context) ? [{ title: 'Remove this arrow', commands: [connect(null)] }] : []),
  ]
  const subject =
    edge.from === null
      ? `${regionName(home, context)} starts at ${quote(edge.to)}`
      : `${context.name(edge.from)} goes on to ${quote(edge.to)}`
  const step = edge.from ?? home.owner
  return [
    {
      code:
        edge.from === null
          ? 'structure/start-missing'
          : exists === undefined
            ? 'structure/target-missing'
            : 'structure/target-elsewhere',
      severity: 'error',
      path: edge.path,
      ...(step === null ? {} : { step }),
      message:
        exists === undefined
          ? `${subject}, and there is no such step.`
          : `${subject}, which is in another region.`,
      hint:
        exists === undefined
          ? 'Name an existing step, or add one with that id.'
          : 'An arrow stays in its region; a branch or a map hands over where it ends.',
      fixes,
    },
  ]
}

function samePlace(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index])
}

function namedCycle(cycle: string[], context: RuleContext): Issue {
  const last = cycle.at(-1) ?? ''
  const way = [...cycle, cycle[0] ?? ''].map((id) => context.name(id))
  const shown = way.length > 9 ? [...way.slice(0, 5), '…', ...way.slice(-3)] : way
  const found = context.graph.steps.get(last)
  const edge = context.graph.edges.find(({ from, to }) => from === last && to === cycle[0])
  return {
    code: 'structure/cycle',
    severity: 'error',
    path: edge?.path ?? found?.path ?? [],
    step: last,
    message: `These steps go round in a circle: ${shown.join(' → ')}.`,
    hint: 'A saga moves forward only: use a retry policy, a map or a child saga to repeat something.',
    fixes:
      edge !== undefined && canCut(edge, context)
        ? [{ title: 'Remove the arrow back', commands: [cut(edge)] }]
        : [],
  }
}

/** A region has a start and a choice a branch: such an arrow can be led elsewhere, not taken away. */
function canCut({ from, port }: GraphEdge, { graph }: RuleContext): boolean {
  if (from === null) return false
  const step = graph.steps.get(from)?.step
  return step?.type !== 'choice' || port === 'otherwise' || step.branches.length > 1
}

function cut({ region, from, port }: GraphEdge): EditCommand {
  const at = port === undefined || port === 'next' ? {} : { port }
  return { type: 'connect', region, from, ...at, to: null }
}

/** One finding for a step that nothing reaches; what it contains is not counted again. */
function unreachable({ graph, reachable, name }: RuleContext): Issue[] {
  const lost: Issue[] = []
  const started = new Set(
    graph.edges.filter(({ from }) => from === null).map(({ region }) => region.join('.')),
  )
  for (const found of graph.steps.values()) {
    const { id, parent, region } = found
    if (reachable.has(id) || (parent !== null && !reachable.has(parent))) continue
    if (!started.has(region.join('.'))) continue
    const before = graph.predecessors(id)
    const cutOff = before.filter((other) => reachable.has(other))
    const message =
      before.length === 0
        ? `Nothing leads to ${name(id)}: it would never run.`
        : cutOff.length > 0
          ? `${name(id)} would never run: ${list(cutOff.map(name))} cannot end well.`
          : `${name(id)} would never run: it only follows steps that nothing leads to.`
    lost.push(
      stepIssue(found, {
        code: 'structure/unreachable',
        severity: 'error',
        message,
        hint: 'Draw an arrow to it, or remove it.',
        fixes: [
          { title: `Remove ${name(id)}`, commands: [{ type: 'removeStep', id, reconnect: false }] },
        ],
      }),
    )
  }
  return lost
}

function openChoice(found: GraphStep, step: ChoiceStep, context: RuleContext): Issue[] {
  if (alwaysDecides(step)) return []
  const id = freshId(`${found.id}_else`, context)
  return [
    stepIssue(found, {
      code: 'structure/choice-may-fail',
      severity: 'warning',
      message: `If no condition of ${context.name(found.id)} holds, the saga fails there.`,
      hint: 'Say where it goes otherwise.',
      fixes: [
        {
          title: 'Add an end for all other cases',
          commands: [
            {
              type: 'batch',
              label: 'Add an end for all other cases',
              commands: [
                {
                  type: 'addStep',
                  region: found.region,
                  id,
                  step: {
                    type: 'end',
                    outcome: 'failed',
                    reason: `No case of ${found.id} applied`,
                  },
                },
                {
                  type: 'connect',
                  region: found.region,
                  from: found.id,
                  port: 'otherwise',
                  to: id,
                },
              ],
            },
          ],
        },
      ],
    }),
  ]
}

function freshId(wanted: string, { graph }: RuleContext): string {
  const stem = wanted.slice(0, 60)
  let id = stem
  for (let n = 2; graph.steps.has(id); n++) id = `${stem}${n}`
  return id
}

function branchCount(found: GraphStep, step: ParallelStep, context: RuleContext): Issue[] {
  const count = Object.keys(step.branches).length
  const subject = context.name(found.id)
  const issues: Issue[] = []
  if (count < 2) {
    issues.push(
      stepIssue(found, {
        at: ['branches'],
        code: 'structure/few-branches',
        severity: count === 0 ? 'error' : 'warning',
        message: `${subject} runs ${count === 0 ? 'nothing' : 'one branch only'} in parallel.`,
        hint: 'Add a branch, or draw its steps in a row.',
      }),
    )
  }
  if (typeof step.join === 'object' && step.join.quorum > count) {
    issues.push(
      stepIssue(found, {
        at: ['join'],
        code: 'structure/quorum-too-high',
        severity: 'error',
        message: `${subject} waits for ${step.join.quorum} branches and has ${count}.`,
        hint: 'Lower the quorum or add branches.',
        fixes: [
          {
            title: 'Wait for all branches',
            commands: [{ type: 'setStep', id: found.id, path: ['join'], value: 'all' }],
          },
        ],
      }),
    )
  }
  return issues
}

function neverCompletes({ graph, reachable }: RuleContext): Issue[] {
  const ends = graph.regions[0]?.steps.filter((id) => reachable.has(id)) ?? []
  if (ends.length === 0 || ends.some((id) => graph.endsRegion(id))) return []
  if (graph.cycles.length > 0 || graph.dangling.length > 0) return []
  return [
    {
      code: 'structure/never-completes',
      severity: 'warning',
      path: [],
      message: 'Every way through this saga ends as failed.',
      hint: 'Let at least one way end as completed.',
    },
  ]
}
