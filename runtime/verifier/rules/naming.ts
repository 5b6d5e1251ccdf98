/** Titles people can tell apart. A step without a title is called by its id, and that is fine. */
import type { Issue } from '../../definition/issue'
import { type Rule, stepIssue } from '../rule'
import { quote } from '../wording'

export const naming: Rule = {
  prefix: 'naming',
  run({ graph }) {
    const issues: Issue[] = []
    const first = new Map<string, string>()
    for (const found of graph.steps.values()) {
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
