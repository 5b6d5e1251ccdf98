/**
 * The saga document: what the canvas draws, the code view shows, the verifier checks and the compiler reads.
 *
 * - Layout is not here; it lives beside the document (`Layout`), keyed by step id.
 * - A region is `{start, steps}`; steps name their `next`; a step without `next` ends its region well.
 * - Step ids are unique in the whole document, nested regions included.
 * - A mapping is either one JSONata expression that yields the whole value, or an object in which every string is an
 *   expression and every other JSON value is itself.
 * - Expressions see `input`, `steps.<id>` (that step's output), `saga` ({id, name, ventureId, startedAt}), inside a
 *   map also `item` and `index`, in a compensation also `output` (absent when the step's outcome is unknown).
 * - All durations are milliseconds.
 */
import { z } from 'zod'

export const FORMAT = 1

/** Bounds of a document; hitting one is an issue that names it. */
export const LIMITS = {
  textBytes: 1_000_000,
  steps: 10_000,
  depth: 12,
  expressionLength: 10_000,
  branches: 64,
} as const

const id = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]{0,63}$/,
    'Use letters, digits and _; start with a letter; at most 64',
  )
const slug = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,63}$/, 'Use lower-case letters, digits and -; start with a letter')
const durationMs = z
  .int()
  .min(1)
  .max(365 * 86_400_000)
const expression = z.string().min(1).max(LIMITS.expressionLength)
const json: z.ZodType<unknown> = z.json()

export const mappingSchema = z.union([expression, z.record(z.string(), json)])

export const retrySchema = z.strictObject({
  strategy: z.enum(['FIXED', 'LINEAR', 'EXPONENTIAL']).default('EXPONENTIAL'),
  /** Attempts in all, the first included. */
  attemptsMax: z.int().min(1).max(1000).default(4),
  delayMs: durationMs.default(500),
  delayMaxMs: durationMs.default(30_000),
  /** 0 = none, 0.2 = up to 20 % more or less. Drawn from the saga's id, so replay agrees. */
  jitter: z.number().min(0).max(1).default(0.2),
  /** Give up this long after the first attempt, whatever the count. */
  elapsedMaxMs: durationMs.optional(),
  /** Failure codes that end the step at once. */
  nonRetryable: z.array(z.string().min(1)).max(64).default([]),
})

/** A step's place in saga theory. */
export const effectSchema = z.enum(['compensatable', 'pivot', 'retriable', 'readonly'])

export const resourceSchema = z.strictObject({
  /** Names what is touched; may hold an expression in braces, e.g. `budget/{input.ventureId}`. */
  key: z.string().min(1).max(256),
  access: z.enum(['read', 'write']),
})

/** Frank & Zahle 1998; Richardson, Microservices Patterns, ch. 4. */
export const countermeasureSchema = z.enum([
  'semantic-lock',
  'commutative',
  'pessimistic-view',
  'reread',
  'version-file',
  'by-value',
])

export const compensationSchema = z.strictObject({
  /** Default: the participant of the step it undoes. */
  participant: slug.optional(),
  operation: id,
  input: mappingSchema.optional(),
  timeoutMs: durationMs.optional(),
  retry: retrySchema.partial().optional(),
})

const base = {
  title: z.string().min(1).max(120).optional(),
  description: z.string().max(2000).optional(),
}
const next = { next: id.optional() }

export const actionStepSchema = z.strictObject({
  type: z.literal('action'),
  ...base,
  participant: slug,
  operation: id,
  input: mappingSchema.optional(),
  effect: effectSchema,
  compensation: compensationSchema.optional(),
  timeoutMs: durationMs.optional(),
  retry: retrySchema.partial().optional(),
  /** Expression; default saga + step + iteration, stable over attempts. */
  idempotencyKey: expression.optional(),
  resources: z.array(resourceSchema).max(32).optional(),
  countermeasure: countermeasureSchema.optional(),
  ...next,
})

export const choiceStepSchema = z.strictObject({
  type: z.literal('choice'),
  ...base,
  /** The first branch whose condition is true is taken. */
  branches: z
    .array(z.strictObject({ label: z.string().max(80).optional(), when: expression, next: id }))
    .min(1)
    .max(LIMITS.branches),
  otherwise: id.optional(),
})

export const parallelStepSchema = z.strictObject({
  type: z.literal('parallel'),
  ...base,
  get branches() {
    return z.record(id, regionSchema)
  },
  /**
   * `all`, `any` (the first to end well) or `{quorum: n}`. The losers of `any` and `quorum` are stopped and what they
   * did is compensated before the saga goes on.
   */
  join: z
    .union([z.literal('all'), z.literal('any'), z.strictObject({ quorum: z.int().min(1).max(64) })])
    .default('all'),
  ...next,
})

export const mapStepSchema = z.strictObject({
  type: z.literal('map'),
  ...base,
  /** Yields an array; each item runs the region as a child saga that sees `item` and `index`. */
  items: expression,
  concurrency: z.int().min(1).max(1000).default(10),
  get region() {
    return regionSchema
  },
  /** What each item yields, in the item's scope. Default: the outputs of its steps, by id. */
  output: mappingSchema.optional(),
  ...next,
})

export const waitStepSchema = z.strictObject({
  type: z.literal('wait'),
  ...base,
  forMs: durationMs.optional(),
  /** Expression that yields an ISO timestamp or epoch milliseconds. Exactly one of `forMs` and `until`. */
  until: expression.optional(),
  ...next,
})

export const signalStepSchema = z.strictObject({
  type: z.literal('signal'),
  ...base,
  /** The external event's name; its payload is the step's output. */
  signal: slug,
  timeoutMs: durationMs.optional(),
  /** Where to go when it did not come in time; without it the saga fails and compensates. */
  onTimeout: z.strictObject({ next: id }).optional(),
  ...next,
})

export const approvalStepSchema = z.strictObject({
  type: z.literal('approval'),
  ...base,
  /** One sentence in plain words; may hold expressions in braces: `Spend {input.budget} on {input.name}?` */
  question: z.string().min(1).max(500),
  /** What the decider should see; its result is stored with the gate. */
  context: mappingSchema.optional(),
  roles: z
    .array(z.enum(['chairman', 'operator', 'admin']))
    .min(1)
    .default(['chairman']),
  timeoutMs: durationMs.optional(),
  /** The declared safe way when nobody decides in time. There is no CONTINUE. */
  onTimeout: z.enum(['PAUSE', 'ABORT']).default('PAUSE'),
  ...next,
})

export const transactionStepSchema = z.strictObject({
  type: z.literal('transaction'),
  ...base,
  participants: z
    .array(z.strictObject({ participant: slug, operation: id, input: mappingSchema.optional() }))
    .min(1)
    .max(64),
  timeoutMs: durationMs.optional(),
  effect: z.enum(['compensatable', 'pivot']).default('pivot'),
  ...next,
})

export const sagaStepSchema = z.strictObject({
  type: z.literal('saga'),
  ...base,
  /** The child definition's name, or `name@version`; without a version the newest published one. */
  saga: z.string().regex(/^[a-z][a-z0-9-]{0,63}(@[1-9][0-9]*)?$/),
  input: mappingSchema.optional(),
  ...next,
})

export const endStepSchema = z.strictObject({
  type: z.literal('end'),
  ...base,
  /** `failed` ends the region as a failure: what was done is compensated. */
  outcome: z.enum(['completed', 'failed']).default('completed'),
  reason: z.string().max(500).optional(),
  /** The saga's result, when this end is reached well. */
  output: mappingSchema.optional(),
})

export const stepSchema = z.discriminatedUnion('type', [
  actionStepSchema,
  choiceStepSchema,
  parallelStepSchema,
  mapStepSchema,
  waitStepSchema,
  signalStepSchema,
  approvalStepSchema,
  transactionStepSchema,
  sagaStepSchema,
  endStepSchema,
])

export const regionSchema: z.ZodType<Region> = z.lazy(() =>
  z.strictObject({ start: id, steps: z.record(id, stepSchema) }),
) as never

/** The fields of each type of step, in the order in which they are written. */
export const STEP_KEYS: ReadonlyMap<string, string[]> = new Map(
  stepSchema.options.map((option) => [option.shape.type.value, Object.keys(option.shape)]),
)

export const strategySchema = z.enum([
  'AUTOMATIC_ROLLBACK', // go on with the other compensations, then quarantine with what is left, by name
  'MANUAL_COMPENSATION', // pause; an operator compensates by hand and marks it, or retries
  'EVENTUAL_CONSISTENCY', // retry for ever at the longest delay; alarmed by age
  'CHAIRMAN_INTERVENTION', // open a gate: CONTINUE retries, ABORT quarantines
  'QUARANTINE_SAGA', // stop everything at once
])

export const sagaDocumentSchema = z.strictObject({
  kind: z.literal('saga'),
  format: z.literal(FORMAT).default(FORMAT),
  name: slug,
  title: z.string().min(1).max(120).optional(),
  description: z.string().max(4000).optional(),
  /** JSON Schema (2020-12) of the start input. Without it any JSON is taken. */
  input: z.record(z.string(), json).optional(),
  maxDurationMs: durationMs.optional(),
  /**
   * `dependency`: a compensation waits for those of the steps that the drawing puts after it, so parallel branches are
   * undone in parallel. `reverse`: one at a time, in reverse order of start.
   */
  compensationOrder: z.enum(['dependency', 'reverse']).default('dependency'),
  onCompensationExhausted: strategySchema.default('AUTOMATIC_ROLLBACK'),
  /** Default for steps and compensations that declare none. */
  retry: retrySchema.partial().optional(),
  timeoutMs: durationMs.optional(),
  /** Journal and rows are kept this long after the end. */
  retentionDays: z.int().min(1).max(3650).default(365),
  start: id,
  steps: z.record(id, stepSchema),
})

export interface Region {
  start: string
  steps: Record<string, Step>
}
export type Mapping = z.infer<typeof mappingSchema>
export type RetryPolicy = z.infer<typeof retrySchema>
export type Effect = z.infer<typeof effectSchema>
export type Compensation = z.infer<typeof compensationSchema>
export type ActionStep = z.infer<typeof actionStepSchema>
export type ChoiceStep = z.infer<typeof choiceStepSchema>
export type ParallelStep = z.infer<typeof parallelStepSchema>
export type MapStep = z.infer<typeof mapStepSchema>
export type WaitStep = z.infer<typeof waitStepSchema>
export type SignalStep = z.infer<typeof signalStepSchema>
export type ApprovalStep = z.infer<typeof approvalStepSchema>
export type TransactionStep = z.infer<typeof transactionStepSchema>
export type SagaStep = z.infer<typeof sagaStepSchema>
export type EndStep = z.infer<typeof endStepSchema>
export type Step =
  | ActionStep
  | ChoiceStep
  | ParallelStep
  | MapStep
  | WaitStep
  | SignalStep
  | ApprovalStep
  | TransactionStep
  | SagaStep
  | EndStep
export type StepType = Step['type']
export type CompensationStrategy = z.infer<typeof strategySchema>
export type SagaDocument = z.infer<typeof sagaDocumentSchema>

/** Positions, notes and colours: kept beside the document and never read by verifier, compiler or runtime. */
export const layoutSchema = z.strictObject({
  positions: z.record(z.string(), z.strictObject({ x: z.number(), y: z.number() })).default({}),
  notes: z
    .array(
      z.strictObject({
        id: z.string().max(64),
        text: z.string().max(4000),
        x: z.number(),
        y: z.number(),
        color: z.string().max(32).optional(),
      }),
    )
    .max(500)
    .default([]),
})
export type Layout = z.infer<typeof layoutSchema>
