/**
 * Participants: the services that sagas call. Saving one checks its addresses; its signing secret is shown once.
 */
import { z } from 'zod'
import { SagaError } from '@/runtime/errors'
import { endpointProblem } from '@/runtime/participant/address-guard'
import type { ParticipantHealth } from '@/runtime/participant/participant'
import { createWebhookSecret } from '@/runtime/security/webhook-signature'
import { audit } from '../../audit'
import {
  listParticipants,
  openSecrets,
  saveHealth,
  sealSecrets,
  toItem,
} from '../../product/participants'
import type { CallerContext } from '../context'
import { definitionName, type Page, type ParticipantItem, page, saveParticipant } from '../contract'
import { procedure, router } from '../trpc'

const named = z.object({ name: definitionName })

export const participantsRouter = router({
  list: procedure('participant:read')
    .input(page.extend({ text: z.string().max(200).optional() }))
    .query(
      ({ ctx, input }): Promise<Page<ParticipantItem>> => listParticipants(ctx.host.db, input),
    ),

  get: procedure('participant:read')
    .input(named)
    .query(async ({ ctx, input }): Promise<ParticipantItem> => toItem(await find(ctx, input.name))),

  save: procedure('participant:write')
    .input(saveParticipant)
    .mutation(
      async ({ ctx, input }): Promise<{ participant: ParticipantItem; secret: string | null }> => {
        const { db, keys, participants } = ctx.host
        const { name, disabled, endpointUrl, healthUrl, ...rest } = input
        const before = await db.participant.findUnique({ where: { name } })
        checkAddresses(input)
        if (input.allowPrivateNetwork && !before?.allowPrivateNetwork) requireNetwork(ctx, name)
        if (before?.allowPrivateNetwork && addressChanged(before, input)) requireNetwork(ctx, name)
        const secret = input.kind === 'HTTP' && !before?.sealedSecret ? createWebhookSecret() : null
        const data = {
          ...rest,
          endpointUrl: endpointUrl ?? null,
          healthUrl: healthUrl ?? null,
          supportsRollback: input.operations.some((operation) => operation.compensation),
          ...(secret ? { sealedSecret: sealSecrets(keys, name, [secret]) } : {}),
        }
        const status = disabled
          ? 'DISABLED'
          : before && before.status !== 'DISABLED'
            ? before.status
            : 'UNKNOWN'
        const row = await db.$transaction(async (tx) => {
          const saved = await tx.participant.upsert({
            where: { name },
            create: { name, ...data, status },
            update: { ...data, status },
          })
          await audit(tx, {
            by: ctx.principal.actor,
            action: before ? 'participant.changed' : 'participant.created',
            subject: `participant/${name}`,
            details: {
              endpointUrl: saved.endpointUrl,
              disabled,
              allowPrivateNetwork: saved.allowPrivateNetwork,
            },
          })
          return saved
        })
        participants.invalidate(name)
        ctx.host.checks.forget()
        return { participant: toItem(row), secret }
      },
    ),

  remove: procedure('participant:write')
    .input(named)
    .mutation(async ({ ctx, input }): Promise<{ name: string }> => {
      const found = await find(ctx, input.name)
      if (found.allowPrivateNetwork) requireNetwork(ctx, input.name)
      await ctx.host.db.$transaction(async (tx) => {
        await tx.participant.deleteMany({ where: { name: input.name } })
        await audit(tx, {
          by: ctx.principal.actor,
          action: 'participant.removed',
          subject: `participant/${input.name}`,
        })
      })
      ctx.host.participants.invalidate(input.name)
      ctx.host.checks.forget()
      return input
    }),

  /** Calls the health address now. */
  check: procedure('participant:write')
    .input(named)
    .mutation(async ({ ctx, input }): Promise<ParticipantHealth> => {
      const row = await find(ctx, input.name)
      if (row.kind === 'HTTP' && !row.healthUrl)
        throw new SagaError(
          'WRONG_STATE',
          `${input.name} has no health address. Give it one, or judge it by its calls.`,
          { name: input.name },
        )
      ctx.host.participants.invalidate(input.name)
      const health = await ctx.host.participants.probe(input.name)
      await saveHealth(ctx.host.db, input.name, health)
      const { status, checkedAt, latencyMs, error } = health
      return { status, checkedAt, latencyMs, error }
    }),

  /** A new secret; calls are signed with the old one too until the next rotation. */
  rotateSecret: procedure('participant:write')
    .input(named)
    .mutation(async ({ ctx, input }): Promise<{ name: string; secret: string }> => {
      const { db, keys, participants } = ctx.host
      const { name } = input
      const row = await find(ctx, name)
      if (row.kind !== 'HTTP')
        throw new SagaError('WRONG_STATE', `${name} runs in process; nothing is signed.`, { name })
      const secret = createWebhookSecret()
      const old = row.sealedSecret ? openSecrets(keys, name, row.sealedSecret) : []
      const sealedSecret = sealSecrets(keys, name, [secret, ...old])
      await db.$transaction(async (tx) => {
        const { count } = await tx.participant.updateMany({
          where: { name, sealedSecret: row.sealedSecret },
          data: { sealedSecret },
        })
        if (count === 0)
          throw new SagaError(
            'CONFLICT',
            `The secret of ${name} was changed a moment ago. Use that one, or rotate again.`,
            { name },
          )
        await audit(tx, {
          by: ctx.principal.actor,
          action: 'participant.secret-rotated',
          subject: `participant/${name}`,
        })
      })
      participants.invalidate(name)
      return { name, secret }
    }),
})

type Saved = z.infer<typeof saveParticipant>

async function find({ host }: CallerContext, name: string) {
  const row = await host.db.participant.findUnique({ where: { name } })
  if (row) return row
  throw new SagaError(
    'NOT_FOUND',
    `There is no participant called ${name}. Register it, or check the name.`,
    { name },
  )
}

/** Whoever may reach into the private network decides what is reached there, and under which name. */
function requireNetwork({ principal }: CallerContext, name: string): void {
  if (principal.permissions.includes('participant:private-network')) return
  throw new SagaError(
    'FORBIDDEN',
    `${name} may only be pointed at a private address, or changed or removed while it points there, with the permission participant:private-network. Ask an admin.`,
    { name },
  )
}

const addressChanged = (
  before: { endpointUrl: string | null; healthUrl: string | null },
  after: Saved,
) =>
  before.endpointUrl !== (after.endpointUrl ?? null) ||
  before.healthUrl !== (after.healthUrl ?? null)

function checkAddresses(input: Saved): void {
  const { allowPrivateNetwork } = input
  const problems: { path: string; problem: string | null }[] = []
  if (input.kind === 'HTTP')
    problems.push({
      path: 'endpointUrl',
      problem: input.endpointUrl
        ? endpointProblem(input.endpointUrl, { allowPrivateNetwork })
        : 'An HTTP participant needs an endpoint',
    })
  if (input.healthUrl)
    problems.push({
      path: 'healthUrl',
      problem: endpointProblem(input.healthUrl, { allowPrivateNetwork, query: true }),
    })
  const issues = problems
    .filter(({ problem }) => problem !== null)
    .map(({ path, problem }) => ({
      code: 'participant/address',
      severity: 'error',
      path: [path],
      message: `${problem}.`,
    }))
  if (issues.length > 0)
    throw new SagaError('INVALID_INPUT', issues.map((issue) => issue.message).join(' '), { issues })
}
