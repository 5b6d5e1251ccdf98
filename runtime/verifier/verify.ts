/**
 * Runs every rule on a document. Pure, and the same in browser and server: the designer's problem list and the refusal
 * to publish are one list. A document without errors is publishable; warnings and infos are advice.
 *
 * The exhaustive explorer of failure schedules, and the simulator, will live beside `rules/` in this folder.
 *
 * | code                               | severity       | finds                                                     |
 * |------------------------------------|----------------|-----------------------------------------------------------|
 * | structure/duplicate-id             | error          | two steps with one id                                     |
 * | structure/no-steps                 | error          | a saga, branch or map without steps                       |
 * | structure/start-missing            | error          | a region that starts at no step of its own                |
 * | structure/target-missing           | error          | an arrow to a step that does not exist                    |
 * | structure/target-elsewhere         | error          | an arrow into another region                              |
 * | structure/cycle                    | error          | steps that go round in a circle                           |
 * | structure/unreachable              | error          | a step that never runs                                    |
 * | structure/few-branches             | error, warning | a parallel with no branch, with one                       |
 * | structure/quorum-too-high          | error          | a quorum above the number of branches                     |
 * | structure/choice-may-fail          | warning        | a choice that may find no condition true                  |
 * | structure/never-completes          | warning        | a saga all of whose ways end as failed                    |
 * | unsupported/transaction            | error          | a transaction step                                        |
 * | compensation/missing               | error          | compensatable without a compensation                      |
 * | compensation/unused                | warning        | a compensation on a pivot, retriable or readonly step     |
 * | compensation/output-may-be-absent  | warning        | a compensation that knows its effect only by `output`     |
 * | compensation/race                  | warning        | retriable in a branch that may lose                       |
 * | compensation/no-input              | info           | a compensation without an input                           |
 * | pivot/compensatable-after          | error          | compensatable behind a pivot                              |
 * | pivot/second                       | error          | a pivot behind a pivot                                    |
 * | pivot/in-map                       | error          | a pivot inside a map                                      |
 * | pivot/in-race                      | error          | a pivot in a branch that may lose                         |
 * | pivot/in-parallel                  | error          | a pivot beside steps that may fail                        |
 * | pivot/approval-after               | warning        | an approval behind a pivot                                |
 * | pivot/may-fail-after               | warning        | a way to fail behind a pivot                              |
 * | pivot/retriable-before             | warning        | retriable before something that may fail the saga         |
 * | pivot/few-attempts                 | info           | retriable that soon gives up                              |
 * | timing/unbounded-wait              | warning, info  | a signal or approval without timeout; within maxDurationMs|
 * | timing/timeout-never               | warning        | a way on timeout without a timeout                        |
 * | timing/duration-too-short          | warning        | waits longer than the saga may last                       |
 * | timing/attempts-too-long           | warning        | attempts longer than the saga may last                    |
 * | timing/default-timeout             | info           | calls for which nobody declares a timeout                 |
 * | timing/no-offset                   | error          | a written `until` without an offset: the zone's own time  |
 * | timing/longest-delay               | warning        | a delay above the longest; growth that a default cuts     |
 * | data/expression                    | error          | text that is not an expression                            |
 * | data/unknown-name                  | error          | a root name that expressions do not have                  |
 * | data/item-outside-map              | error          | `item` or `index` outside a map                           |
 * | data/output-outside-compensation   | error          | `output` outside a compensation                           |
 * | data/unknown-step                  | error          | `steps.x` without such a step                             |
 * | data/yields-nothing                | error          | reading a choice, wait, parallel or end                   |
 * | data/reads-itself                  | error          | a step that reads its own output                          |
 * | data/comes-later                   | error          | reading what runs later, or on another way                |
 * | data/never-assigned                | error          | reading a step that never runs                            |
 * | data/other-branch                  | error          | reading across branches before their join                 |
 * | data/out-of-scope                  | error          | reading into a map from outside                           |
 * | data/maybe-unassigned              | error          | reading what some way skips; names that way               |
 * | fields/unknown                     | error, warning | a field that the schema does not have; does not list      |
 * | fields/no-fields                   | error          | a field of a text, number or boolean                      |
 * | fields/argument-missing            | warning        | a required field of an operation's input is not sent      |
 * | fields/argument-unknown            | warning        | a field that the operation does not take                  |
 * | fields/type-clash                  | warning        | a value of another type than the operation takes          |
 * | fields/constant-condition          | warning        | a condition that is always, or never, true                |
 * | values/text-filter                 | error          | `x["text"]`, which filters and reads no field             |
 * | values/list-of-one                 | warning        | a path through a map's list without `[]`                  |
 * | values/number-too-large            | error          | a whole number beyond 2^53                                |
 * | isolation/branches                 | warning        | branches that touch one resource without countermeasure   |
 * | isolation/items                    | warning        | items that write one resource without countermeasure      |
 * | participants/unknown               | error          | a participant nobody registered                           |
 * | participants/disabled              | error          | a disabled participant                                    |
 * | participants/unknown-operation     | warning        | an operation the participant does not list                |
 * | participants/effect-differs        | warning        | an effect the participant declares otherwise              |
 * | child/recursion                    | error          | a saga that starts itself                                 |
 * | child/unknown-saga                 | error          | a child definition that does not exist                    |
 * | child/not-published                | error          | a child definition without a version                      |
 * | child/unknown-version              | error          | a version that was never published                        |
 * | idempotency/key-may-be-missing    | warning        | a key from an input field that a start may leave out      |
 * | idempotency/key-same-for-items    | warning        | a key that reads nothing of its item                      |
 * | naming/reserved                    | error          | a step or branch called like a member of every object     |
 * | naming/duplicate-title             | info           | two steps with one title                                  |
 * | definition/name                    | error          | a document named otherwise than its definition            |
 */
import { buildGraph } from '../definition/graph'
import type { Issue } from '../definition/issue'
import type { SagaDocument } from '../definition/schema'
import { expressionSites } from './expression-sites'
import type { Rule, RuleContext, VerifyOptions } from './rule'
import { children } from './rules/children'
import { compensation } from './rules/compensation'
import { dataFlow } from './rules/data-flow'
import { definitionName } from './rules/definition-name'
import { fields } from './rules/fields'
import { idempotency } from './rules/idempotency'
import { isolation } from './rules/isolation'
import { naming } from './rules/naming'
import { participants } from './rules/participants'
import { pivot } from './rules/pivot'
import { structure } from './rules/structure'
import { timing } from './rules/timing'
import { unsupported } from './rules/unsupported'
import { values } from './rules/values'
import { quote } from './wording'

export const RULES: readonly Rule[] = [
  structure,
  unsupported,
  compensation,
  pivot,
  dataFlow,
  fields,
  values,
  timing,
  isolation,
  participants,
  children,
  idempotency,
  naming,
  definitionName,
]

/** All findings: errors first, then warnings, then infos, each in document order. Same document, same list. */
export function verify(document: SagaDocument, options: VerifyOptions = {}): Issue[] {
  const graph = buildGraph(document)
  const context: RuleContext = {
    document,
    graph,
    options,
    reachable: graph.reachableFrom(null),
    sites: expressionSites(graph),
    name: (id) => quote(graph.steps.get(id)?.step.title ?? id),
  }
  const position = new Map([...graph.steps.keys()].map((id, index) => [id, index]))
  const found = RULES.flatMap((rule) => rule.run(context))
  const news = found.filter(({ code, step }) => {
    return !options.parsed?.some((said) => said.code === SAID_BY_PARSER[code] && said.step === step)
  })
  const placed = news.map((issue) => ({
    issue,
    severity: SEVERITIES.indexOf(issue.severity),
    place: issue.step === undefined ? -1 : (position.get(issue.step) ?? position.size),
  }))
  // The sort is stable: within a step, rules keep their order.
  placed.sort((a, b) => a.severity - b.severity || a.place - b.place)
  return placed.map(({ issue }) => issue)
}

const SEVERITIES: Issue['severity'][] = ['error', 'warning', 'info']

/** A document need not come from the parser, so these are checked twice; a list of both says them once. */
const SAID_BY_PARSER: Record<string, string> = {
  'data/expression': 'parse/expression',
  'structure/duplicate-id': 'parse/duplicate-step',
  'structure/quorum-too-high': 'parse/quorum',
}
