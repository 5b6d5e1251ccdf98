/**
 * Approvals: the gates that wait for a person, what each decision would do, and what was decided.
 */
import { z } from 'zod'
import { isSagaError, SagaError } from '@/runtime/errors'
import type { Actor } from '@/runtime/journal/entry'
import type { GatePreview } from '@/runtime/runtime'
import type { Host } from '../../host'
import {
  findGate,
  findGates,
  type GateRecord,
  listDecisions,
  listGateItems,
} from '../../product/gates'
import {
  type DecisionAnswer,
  type DecisionItem,
  decideGate,
  type GateDetail,
  type GateListItem,
  listGates,
  MANY_MAX,
  type Page,
  page,
  sagaId,
  stepId,
} from '../contract'
import { procedure, router } from '../trpc'

export const approvalsRouter = router({
  list: procedure('approval:read')
    .input(listGates)
    .query(
      ({ ctx, input }): Promise<Page<GateListItem>> =>
        listGateItems(ctx.host.db, input, ctx.principal),
    ),

  get: procedure('approval:read')
    .input(z.object({ gateId: z.string().min(1).max(300) }))
    .query(async ({ ctx, input }): Promise<GateDetail> => {
      const { db } = ctx.host
      const gate = await findGate(db, input, ctx.principal)
      if (!gate) throw noGate(input.gateId)
      const { openedSeq: _openedSeq, notAllowed: _notAllowed, ...shown } = gate
      const [found, preview, decisions] = await Promise.all([
        onTimeoutOf(ctx.host, gate.sagaId, gate.step),
        gate.status === 'OPEN' ? previewOf(ctx.host, gate.sagaId, gate.step) : null,
        listDecisions(db, { gateId: gate.gateId, limit: 200 }),
      ])
      return {
        ...shown,
        onTimeout: found,
        preview,
        decisions: decisions.items,
        serverNow: Date.now(),
      }
    }),

  decide: procedure('approval:decide')
    .input(decideGate)
    .mutation(async ({ ctx, input }): Promise<{ decisionId: string }> => {
      const refusal = whyNot(input, await findGate(ctx.host.db, input, ctx.principal))
      if (refusal) throw refusal
      return ctx.host.runtime.decide(decision(input, ctx.principal.actor))
    }),

  decideMany: procedure('approval:decide')
    .input(z.object({ decisions: z.array(decideGate).min(1).max(MANY_MAX) }))
    .mutation(async ({ ctx, input: { decisions } }): Promise<DecisionAnswer[]> => {
      const gates = await findGates(ctx.host.db, decisions, ctx.principal)
      const refusals = decisions.map((each, n) => whyNot(each, gates[n] ?? null))
      const allowed = decisions.filter((_, n) => !refusals[n])
      const answers = await ctx.host.runtime.sendMany(
        allowed.map((each) => ({ verb: 'decide', ...decision(each, ctx.principal.actor) })),
      )
      return decisions.map(({ sagaId }, n) => {
        const refusal = refusals[n]
        if (refusal) return { sagaId, error: { code: refusal.code, message: refusal.message } }
        return answers.shift() as DecisionAnswer
      })
    }),

  history: procedure('approval:read')
    .input(page.extend({ sagaId: sagaId.optional(), step: stepId.optional() }))
    .query(({ ctx, input }): Promise<Page<DecisionItem>> => listDecisions(ctx.host.db, input)),

  count: procedure('approval:read').query(
    async ({ ctx }): Promise<{ open: number; mine: number }> => {
      const roles = ctx.principal.roles.map((role) => role.toLowerCase())
      const mine = roles.includes('admin') ? {} : { roles: { hasSome: roles } }
      const [open, forMe] = await Promise.all([
        ctx.host.db.gate.count({ where: { status: 'OPEN' } }),
        ctx.host.db.gate.count({ where: { status: 'OPEN', ...mine } }),
      ])
      return { open, mine: forMe }
    },
  ),
})

/** What stands against it before the saga is asked; null when nothing does. */
function whyNot(input: z.infer<typeof decideGate>, gate: GateRecord | null): SagaError | null {
  if (!gate) return noGate(`${input.step} of saga ${input.sagaId}`)
  const { gateId, status, mayNotDecide, notAllowed } = gate
  // Asked again under its key, the saga gives its first answer; whoever asks must be allowed to all the same.
  if (status !== 'OPEN' && input.idempotencyKey === undefined)
    return new SagaError('MOVED_ON', `${mayNotDecide} Load it again to see what came of it.`, {
      gateId,
      status,
    })
  if (notAllowed) return new SagaError('FORBIDDEN', notAllowed, { gateId })
  if (input.decision !== 'CONTINUE' && input.reasoning === '') return noReasoning(input.decision)
  return null
}

function decision({ previewDigest, ...rest }: z.infer<typeof decideGate>, by: Actor) {
  return { ...rest, by, ...(previewDigest === undefined ? {} : { previewDigest }) }
}

/** What each decision would do; null when the gate closed in the meantime. */
async function previewOf(host: Host, saga: string, step: string): Promise<GatePreview | null> {
  try {
    return await host.runtime.previewDecision(saga, step)
  } catch (error) {
    if (isSagaError(error) && ['MOVED_ON', 'WRONG_STATE', 'NOT_FOUND'].includes(error.code))
      return null
    throw error
  }
}

/** The way the document declares for when nobody decides in time. */
async function onTimeoutOf(host: Host, saga: string, step: string): Promise<'PAUSE' | 'ABORT'> {
  const row = await host.db.sagaExecution.findUnique({
    where: { sagaId: saga },
    select: { sagaType: true, definitionVersion: true },
  })
  if (!row) return 'PAUSE'
  const version = await host.db.definitionVersion.findFirst({
    where: { definition: { name: row.sagaType }, version: row.definitionVersion },
    select: { document: true },
  })
  const found = approvalStep(version?.document, step)
  return found === 'ABORT' ? 'ABORT' : 'PAUSE'
}

/** Finds a step's `onTimeout` anywhere in a document; step ids are unique in it. */
function approvalStep(value: unknown, step: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, child] of Object.entries(value)) {
    if (key === step && isApproval(child)) return child.onTimeout
    const found = approvalStep(child, step)
    if (found !== undefined) return found
  }
  return undefined
}

const isApproval = (value: unknown): value is { onTimeout?: unknown } =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'approval'

const noGate = (which: string) =>
  new SagaError('NOT_FOUND', `There is no gate ${which}. See the list of approvals.`)

function noReasoning(decision: string): SagaError {
  const message = `Say why: ${decision} stops or undoes work, and those affected will ask.`
  return new SagaError('INVALID_INPUT', message, {
    issues: [{ code: 'input/required', severity: 'error', path: ['reasoning'], message }],
  })
}
