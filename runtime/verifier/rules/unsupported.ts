/** What the format can say but this version of the runtime does not run. */
import { type Rule, stepIssue } from '../rule'

export const unsupported: Rule = {
  prefix: 'unsupported',
  run: ({ graph, name }) =>
    [...graph.steps.values()]
      .filter(({ step }) => step.type === 'transaction')
      .map((found) =>
        stepIssue(found, {
          code: 'unsupported/transaction',
          severity: 'error',
          message: `${name(found.id)} is a transaction: drawn and stored, but this version does not run it.`,
          hint: 'Use actions with compensations for now.',
        }),
      ),
}
