/** Does everything end in time: is every wait bounded, and do the bounds fit into each other? */
import type { GraphStep } from '../../definition/graph'
import type { Fix, Issue } from '../../definition/issue'
import { retrySchema, type SagaDocument, type Step } from '../../definition/schema'
import { type Rule, type RuleContext, stepIssue } from '../rule'
import { duration, list } from '../wording'

const DAY_MS = 86_400_000
/** What the runtime allows a call for which nobody declares a timeout. */
const CALL_TIMEOUT_MS = 30_000

export const timing: Rule = {
  prefix: 'timing',
  run: (context) => [
    ...defaultTimeouts(context),
    ...longestWait(context),
    ...sagaDelays(context),
    ...[...context.graph.steps.values()].flatMap((found) => [
      ...unbounded(found, context),
      ...withoutOffset(found, context),
      ...longestDelays(found, context),
      ...attempts(found, context),
    ]),
  ],
}

function timeoutFix(id: string): Fix {
  return {
    title: 'Wait one day at most',
    commands: [{ type: 'setStep', id, path: ['timeoutMs'], value: DAY_MS }],
  }
}

function unbounded(found: GraphStep, { document, name }: RuleContext): Issue[] {
  const { id, step } = found
  if (step.type !== 'signal' && step.type !== 'approval') return []
  if (step.timeoutMs !== undefined) return []
  const awaited = step.type === 'signal' ? `the signal ${step.signal}` : 'a decision'
  if (step.type === 'signal' && step.onTimeout !== undefined) {
    return [
      stepIssue(found, {
        at: ['onTimeout'],
        code: 'timing/timeout-never',
        severity: 'warning',
        message: `${name(id)} says where to go on timeout and has no timeout: it waits for ${awaited} without end.`,
        hint: 'Set timeoutMs.',
        fixes: [timeoutFix(id)],
      }),
    ]
  }
  const { maxDurationMs } = document
  return [
    stepIssue(found, {
      code: 'timing/unbounded-wait',
      severity: maxDurationMs === undefined ? 'warning' : 'info',
      message:
        maxDurationMs === undefined
          ? `${name(id)} waits for ${awaited} without end.`
          : `${name(id)} waits for ${awaited} until the saga's time of ${duration(maxDurationMs)} is over.`,
      hint: 'Set timeoutMs.',
      fixes: [timeoutFix(id)],
    }),
  ]
}

/** One finding for all, because one field of the saga mends all. */
function defaultTimeouts({ document, graph, name }: RuleContext): Issue[] {
  if (document.timeoutMs !== undefined) return []
  const open = [...graph.steps.values()].filter(
    ({ step }) => step.type === 'action' && step.timeoutMs === undefined,
  )
  const [first] = open
  if (first === undefined) return []
  return [
    {
      code: 'timing/default-timeout',
      severity: 'info',
      path: [],
      message: `${list(open.map(({ id }) => name(id)))} ${open.length === 1 ? 'declares' : 'declare'} no timeout: each call may take ${duration(CALL_TIMEOUT_MS)}.`,
      hint: 'Declare one for the saga or per step.',
      fixes: [
        {
          title: 'Declare 30 seconds for all calls',
          commands: [{ type: 'setSaga', fields: { timeoutMs: CALL_TIMEOUT_MS } }],
        },
      ],
    },
  ]
}

/** The longest time a step may wait by its own declaration. */
function waitMs(step: Step | undefined): number {
  if (step?.type === 'wait') return step.forMs ?? 0
  return step?.type === 'signal' || step?.type === 'approval' ? (step.timeoutMs ?? 0) : 0
}

function longestWait({ document, graph, name }: RuleContext): Issue[] {
  const { maxDurationMs } = document
  if (maxDurationMs === undefined) return []
  const position = new Map(graph.order.map((id, index) => [id, index]))
  /** The longest wait from a step on, and the step behind it on that way. */
  const longest = new Map<string, { ms: number; next: string | undefined }>()
  for (let index = graph.order.length - 1; index >= 0; index--) {
    const id = graph.order[index] ?? ''
    let ms = 0
    let next: string | undefined
    for (const other of graph.flowsTo(id)) {
      const ahead = longest.get(other)
      if (ahead === undefined || (position.get(other) ?? 0) <= index || ahead.ms <= ms) continue
      ms = ahead.ms
      next = other
    }
    longest.set(id, { ms: ms + waitMs(graph.steps.get(id)?.step), next })
  }
  const [start] = graph.flowsTo(null)
  const total = start === undefined ? 0 : (longest.get(start)?.ms ?? 0)
  if (total <= maxDurationMs) return []
  const waits: string[] = []
  for (let at = start; at !== undefined; at = longest.get(at)?.next) {
    const ms = waitMs(graph.steps.get(at)?.step)
    if (ms > 0) waits.push(`${name(at)} ${duration(ms)}`)
  }
  return [
    {
      code: 'timing/duration-too-short',
      severity: 'warning',
      path: ['maxDurationMs'],
      message: `The saga may last ${duration(maxDurationMs)}, and its waits alone can take ${duration(total)}: ${list(waits, 4)}.`,
      hint: 'Give the saga more time, or shorten the waits.',
      fixes: [
        {
          title: `Allow ${duration(total * 2)}`,
          commands: [
            { type: 'setSaga', fields: { maxDurationMs: Math.min(total * 2, 365 * DAY_MS) } },
          ],
        },
      ],
    },
  ]
}

function attempts(found: GraphStep, { document, name }: RuleContext): Issue[] {
  const { id, step } = found
  const { maxDurationMs } = document
  // A retriable step is meant to go on; the saga's time is not what ends it.
  if (step.type !== 'action' || maxDurationMs === undefined || step.effect === 'retriable')
    return []
  const timeoutMs = step.timeoutMs ?? document.timeoutMs ?? CALL_TIMEOUT_MS
  const count =
    step.retry?.attemptsMax ?? document.retry?.attemptsMax ?? retrySchema.parse({}).attemptsMax
  const elapsedMaxMs = step.retry?.elapsedMaxMs ?? document.retry?.elapsedMaxMs
  const total = Math.min(timeoutMs * count, (elapsedMaxMs ?? Number.POSITIVE_INFINITY) + timeoutMs)
  if (total <= maxDurationMs) return []
  return [
    stepIssue(found, {
      at: step.timeoutMs === undefined ? [] : ['timeoutMs'],
      code: 'timing/attempts-too-long',
      severity: 'warning',
      message: `${name(id)} may take ${duration(total)} for its ${count === 1 ? 'attempt' : 'attempts'}, longer than the ${duration(maxDurationMs)} of the whole saga.`,
      hint: 'Shorten its timeout, allow fewer attempts, or give the saga more time.',
    }),
  ]
}

/** A text literal, alone: a time to the minute at least that names no offset. */
const LOCAL_TIME = /^\s*(["'])([+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)\1\s*$/

/** Such a time would be another one in each zone; the runtime refuses it. */
function withoutOffset(found: GraphStep, { name }: RuleContext): Issue[] {
  const { id, step } = found
  if (step.type !== 'wait' || step.until === undefined) return []
  const [, quote, time] = LOCAL_TIME.exec(step.until) ?? []
  if (quote === undefined || time === undefined) return []
  return [
    stepIssue(found, {
      at: ['until'],
      code: 'timing/no-offset',
      severity: 'error',
      message: `${name(id)} waits until ${time}, a time without an offset: it would be another one in each zone.`,
      hint: 'Append Z for UTC, or an offset like +02:00.',
      fixes: [
        {
          title: `Wait until ${time}Z (UTC)`,
          commands: [{ type: 'setStep', id, path: ['until'], value: `${quote}${time}Z${quote}` }],
        },
      ],
    }),
  ]
}

type Retry = NonNullable<SagaDocument['retry']>
const RETRY = retrySchema.parse({})

/** What is wrong with a policy's delays, in words, and the longest delay that mends it. */
function delayTrouble(retry: Retry | undefined): { what: string; longestMs: number } | null {
  if (retry === undefined) return null
  const {
    strategy = RETRY.strategy,
    delayMs = RETRY.delayMs,
    delayMaxMs = RETRY.delayMaxMs,
    attemptsMax = RETRY.attemptsMax,
  } = retry
  const isDefault = delayMaxMs === RETRY.delayMaxMs
  if (delayMs > delayMaxMs && !isDefault)
    return {
      what: `waits ${duration(delayMs)} before the second attempt, and ${duration(delayMaxMs)} at the longest: the longest counts`,
      longestMs: delayMs,
    }
  if (!isDefault || strategy === 'FIXED' || delayMs === RETRY.delayMs) return null
  const waits = attemptsMax - 1
  const last = strategy === 'LINEAR' ? delayMs * waits : delayMs * 2 ** Math.min(waits - 1, 30)
  const stopsAt = Math.max(delayMs, delayMaxMs)
  if (last <= stopsAt) return null
  return {
    what: `declares delays that grow to ${duration(Math.min(last, LONGEST_MS))} and no longest one: they stop growing at ${duration(stopsAt)}`,
    longestMs: Math.min(last, LONGEST_MS),
  }
}

/** The longest time a document may name. */
const LONGEST_MS = 365 * DAY_MS

function longestDelays(found: GraphStep, { name }: RuleContext): Issue[] {
  const { id, step } = found
  if (step.type !== 'action') return []
  const policies = [
    { at: ['retry'], retry: step.retry, who: name(id) },
    {
      at: ['compensation', 'retry'],
      retry: step.compensation?.retry,
      who: `The compensation of ${name(id)}`,
    },
  ]
  return policies.flatMap(({ at, retry, who }) => {
    // A retriable step is to be tried for long, at a steady pace.
    const trouble = delayTrouble(
      step.effect === 'retriable' && retry?.delayMaxMs === RETRY.delayMaxMs ? undefined : retry,
    )
    if (!trouble) return []
    const path = [...at, 'delayMaxMs']
    return [
      stepIssue(found, {
        at: path,
        code: 'timing/longest-delay',
        severity: 'warning',
        message: `${who} ${trouble.what}.`,
        hint: 'Set delayMaxMs to the longest delay that is meant.',
        fixes: [
          {
            title: `Allow delays up to ${duration(trouble.longestMs)}`,
            commands: [{ type: 'setStep', id, path, value: trouble.longestMs }],
          },
        ],
      }),
    ]
  })
}

function sagaDelays({ document }: RuleContext): Issue[] {
  const trouble = delayTrouble(document.retry)
  if (!trouble) return []
  const retry = { ...document.retry, delayMaxMs: trouble.longestMs }
  return [
    {
      code: 'timing/longest-delay',
      severity: 'warning',
      path: ['retry', 'delayMaxMs'],
      message: `The saga ${trouble.what}.`,
      hint: 'Set delayMaxMs to the longest delay that is meant.',
      fixes: [
        {
          title: `Allow delays up to ${duration(trouble.longestMs)}`,
          commands: [{ type: 'setSaga', fields: { retry } }],
        },
      ],
    },
  ]
}
