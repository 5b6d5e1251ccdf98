/**
 * Names that can be kept apart. Titles should differ for people (a step without one is called by its id, and that is
 * fine); ids and branches must not be names that every JavaScript object has, under which a run finds what it never wrote.
 */
import type { GraphStep, SagaGraph } from '../../definition/graph'
import type { Issue } from '../../definition/issue'
import { type Rule, stepIssue } from '../rule'
import { quote } from '../wording'

export const naming: Rule = {
  prefix: 'naming',
  run({ graph }) {
    const issues: Issue[] = []
    const first = new Map<string, string>()
    for (const found of graph.steps.values()) {
      issues.push(...reserved(found, graph))
      const title = found.step.title?.trim().toLowerCase()
      if (title === undefined) continue
      const other = first.get(title)
      if (other === undefined) {
        first.set(title, found.id)
        continue
      }
      issues.push(
        stepIssue(found, {
          at: ['title'],
          code: 'naming/duplicate-title',
          severity: 'info',
          message: `${quote(found.step.title ?? '')} is also the title of step ${quote(other)}.`,
          hint: 'Different titles make runs and approvals easier to read.',
        }),
      )
    }
    return issues
  },
}

const isReserved = (name: string) => name in Object.prototype

function reserved(found: GraphStep, graph: SagaGraph): Issue[] {
  const { id, step } = found
  const issues: Issue[] = []
  if (isReserved(id)) {
    const free = freeName(`${id}_step`, graph)
    issues.push(
      stepIssue(found, {
        code: 'naming/reserved',
        severity: 'error',
        message: `No step can be called ${quote(id)}: every object has something of that name.`,
        hint: 'Give the step another id; its title can stay.',
        fixes: [{ title: `Call it ${free}`, commands: [{ type: 'renameStep', id, to: free }] }],
      }),
    )
  }
  for (const branch of step.type === 'parallel' ? Object.keys(step.branches) : [])
    if (isReserved(branch))
      issues.push(
        stepIssue(found, {
          at: ['branches', branch],
          code: 'naming/reserved',
          severity: 'error',
          message: `No branch can be called ${quote(branch)}: every object has something of that name.`,
          hint: 'Give the branch another name.',
        }),
      )
  return issues
}

function freeName(wanted: string, graph: SagaGraph): string {
  let name = wanted
  for (let n = 2; graph.steps.has(name); n++) name = `${wanted}_${n}`
  return name
}
