/**
 * Values that come out otherwise than anybody who writes them means: JSONata filters by a text in brackets instead of reading
 * a field, takes a list of one for its element, and every JSON reader rounds integers beyond 2^53.
 */
import type { GraphStep } from '../../definition/graph'
import type { Fix, Issue } from '../../definition/issue'
import type { ExpressionSite } from '../expression-sites'
import { type Rule, type RuleContext, stepIssue } from '../rule'
import { quote } from '../wording'

type Path = (string | number)[]

export const values: Rule = {
  prefix: 'values',
  run(context) {
    const { graph, sites } = context
    return [
      ...sites.flatMap((site) => {
        const step = graph.steps.get(site.step)
        return step ? [...traps(site, step, context), ...collapsing(site, step, context)] : []
      }),
      ...[...graph.steps.values()].flatMap((step) => numbers(step, context)),
    ]
  },
}

function traps(site: ExpressionSite, step: GraphStep, { name }: RuleContext): Issue[] {
  return site.traps.map(({ kind, start, end, value }) => {
    const at = site.at
    if (kind === 'big-number')
      return tooLarge(step, at, `${name(step.id)} has ${value} in ${site.where}`)
    const field = /^[A-Za-z_]\w*$/.test(value) ? value : `\`${value}\``
    return stepIssue(step, {
      at,
      code: 'values/text-filter',
      severity: 'error',
      message: `${name(step.id)} has [${quote(value)}] in ${site.where}, which reads no field: a text in brackets keeps everything.`,
      hint: `To read the field, write .${field}.`,
      fixes: [fix(site, `Read .${field}`, site.renamed({ start, end }, `.${field}`))],
    })
  })
}

/** A path through a map's list that is used as it comes out: a list for two items, the bare value for one, nothing for none. */
function collapsing(site: ExpressionSite, step: GraphStep, { graph, name }: RuleContext): Issue[] {
  return site.paths.flatMap((path) => {
    const [first, ...rest] = path.fields
    const last = rest.at(-1)
    if (path.root !== 'steps' || !path.whole || path.isList || !first || !last) return []
    if (graph.steps.get(first.name)?.step.type !== 'map') return []
    const words = `steps.${path.fields.map((field) => field.name).join('.')}`
    return [
      stepIssue(step, {
        at: site.at,
        code: 'values/list-of-one',
        severity: 'warning',
        message: `${name(step.id)} reads ${words} in ${site.where}: a list, but the bare value where ${name(first.name)} has one item, and nothing where it has none.`,
        hint: `Write ${words}[] to have a list always.`,
        fixes: [
          fix(site, `Read ${words}[]`, site.renamed({ start: last.end, end: last.end }, '[]')),
        ],
      }),
    ]
  })
}

/** Numbers written into the step, beside its expressions. */
function numbers(step: GraphStep, { name }: RuleContext): Issue[] {
  const found: Issue[] = []
  const visit = (value: unknown, at: Path) => {
    if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER)
      found.push(tooLarge(step, at, `${name(step.id)} has ${value}`))
    else if (typeof value === 'object' && value !== null)
      for (const [key, part] of Object.entries(value))
        visit(part, [...at, Array.isArray(value) ? Number(key) : key])
  }
  // steps within have their own turn
  for (const [key, value] of Object.entries(step.step))
    if (key !== 'region' && !(key === 'branches' && step.step.type === 'parallel'))
      visit(value, [key])
  return found
}

function tooLarge(step: GraphStep, at: Path, what: string): Issue {
  return stepIssue(step, {
    at,
    code: 'values/number-too-large',
    severity: 'error',
    message: `${what}: whole numbers beyond 9007199254740991 come out as others.`,
    hint: 'Write it as a text.',
  })
}

const fix = ({ step, at }: ExpressionSite, title: string, value: string): Fix => ({
  title,
  commands: [{ type: 'setStep', id: step, path: at, value }],
})
