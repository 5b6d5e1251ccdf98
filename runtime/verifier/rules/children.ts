/** Do child sagas exist, and does no saga start itself? Deeper circles between definitions need their documents. */
import type { GraphStep } from '../../definition/graph'
import type { Issue } from '../../definition/issue'
import { closest } from '../../definition/nearest'
import { type Rule, type RuleContext, stepIssue } from '../rule'
import { quote } from '../wording'

export const children: Rule = {
  prefix: 'child',
  run: (context) =>
    [...context.graph.steps.values()].flatMap((found) =>
      found.step.type === 'saga' ? judge(found, found.step.saga, context) : [],
    ),
}

function judge(found: GraphStep, reference: string, context: RuleContext): Issue[] {
  const [name = '', version] = reference.split('@')
  const { document, options } = context
  const who = context.name(found.id)
  const finding = (issue: Pick<Issue, 'code' | 'message' | 'hint' | 'fixes'>) => [
    stepIssue(found, { at: ['saga'], severity: 'error', ...issue }),
  ]
  // A pinned version was published before this document, so it cannot be this one.
  if (name === document.name && version === undefined) {
    return finding({
      code: 'child/recursion',
      message: `${who} starts ${quote(name)}, the saga it is in, again without end.`,
      hint: 'Use a map to repeat something, or name a fixed earlier version.',
    })
  }
  const known = options.sagas?.find((saga) => saga.name === name)
  if (options.sagas === undefined) return []
  if (known === undefined) {
    const guess = closest(
      name,
      options.sagas.map((saga) => saga.name),
    )
    return finding({
      code: 'child/unknown-saga',
      message: `${who} starts ${quote(name)}, and there is no such definition.`,
      hint: guess === undefined ? 'Create and publish it first.' : `Did you mean ${guess}?`,
      fixes:
        guess === undefined
          ? []
          : [
              {
                title: `Start ${guess}`,
                commands: [{ type: 'setStep', id: found.id, path: ['saga'], value: guess }],
              },
            ],
    })
  }
  if (known.versions.length === 0) {
    return finding({
      code: 'child/not-published',
      message: `${who} starts ${quote(name)}, which was never published.`,
      hint: 'Publish it first.',
    })
  }
  if (version === undefined || known.versions.includes(Number(version))) return []
  const newest = Math.max(...known.versions)
  return finding({
    code: 'child/unknown-version',
    message: `${who} starts version ${version} of ${quote(name)}, whose newest version is ${newest}.`,
    hint: 'Name a published version, or none for the newest.',
    fixes: [
      {
        title: `Use version ${newest}`,
        commands: [{ type: 'setStep', id: found.id, path: ['saga'], value: `${name}@${newest}` }],
      },
    ],
  })
}
