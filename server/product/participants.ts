/**
 * Participants in the database: what the API lists and saves, and what the runtime's registry loads.
 *
 * 1. A signing secret is made when an HTTP participant is first saved, sealed with the instance key, and shown once.
 * 2. While a secret is rotated both are stored, new one first: calls are signed with both until the next rotation.
 * 3. Health lives in the registry of the process that calls; the row keeps the newest for lists and for restarts.
 */
import { z } from 'zod'
import type { Participant, PrismaClient } from '@/prisma/generated/client'
import type { HealthState } from '@/runtime/participant/health'
import type { ParticipantSource, StoredParticipant } from '@/runtime/participant/registry'
import { open, seal } from '@/runtime/security/seal'
import type { SecretKeys } from '@/runtime/security/secret-key'
import type { Page, ParticipantItem } from '../api/contract'
import { secretName } from '../keys'
import { contains, pageOf, readCursor } from './cursor'
import { operationsSchema } from './operations'

const healthSchema = z.object({
  latencyMs: z.number().nullable(),
  error: z.string().nullable(),
})

/** One page of participants, by name. */
export async function listParticipants(
  db: PrismaClient,
  request: { cursor?: string | null | undefined; limit: number; text?: string | undefined },
): Promise<Page<ParticipantItem>> {
  const after = readCursor(request.cursor, z.tuple([z.string()]))
  const words = request.text?.trim()
  const like = { contains: escaped(words ?? ''), mode: 'insensitive' as const }
  const rows = await db.participant.findMany({
    where: {
      ...(words ? { OR: [{ name: like }, { title: like }] } : {}),
      ...(after ? { name: { gt: after[0] } } : {}),
    },
    orderBy: { name: 'asc' },
    take: request.limit + 1,
  })
  return pageOf(rows, request.limit, { item: toItem, position: (row) => [row.name] })
}

/** A row as the API shows it: everything but the secret. */
export function toItem(row: Participant): ParticipantItem {
  const last = healthSchema.safeParse(row.lastResponse)
  return {
    name: row.name,
    title: row.title,
    kind: row.kind,
    endpointUrl: row.endpointUrl,
    healthUrl: row.healthUrl,
    operations: operationsSchema.parse(row.operations),
    timeoutSeconds: row.timeoutSeconds,
    allowPrivateNetwork: row.allowPrivateNetwork,
    disabled: row.status === 'DISABLED',
    health: {
      status: row.status === 'DISABLED' ? 'UNKNOWN' : row.status,
      checkedAt: row.checkedAt?.getTime() ?? null,
      latencyMs: last.success ? last.data.latencyMs : null,
      error: last.success ? last.data.error : null,
    },
    averageResponseTime: row.averageResponseTime,
    failureRate: row.failureRate,
    supportsPrepare: row.supportsPrepare,
    supportsRollback: row.supportsRollback,
    updatedAt: row.updatedAt,
  }
}

/** What the registry asks: the stored participant of a name, its secrets unsealed. */
export function participantSource(db: PrismaClient, keys: SecretKeys): ParticipantSource {
  return {
    async load(name): Promise<StoredParticipant | undefined> {
      const row = await db.participant.findUnique({ where: { name } })
      if (row?.kind !== 'HTTP' || !row.endpointUrl) return undefined
      return {
        name,
        revision: [
          row.endpointUrl,
          row.healthUrl,
          row.sealedSecret,
          row.allowPrivateNetwork,
          row.timeoutSeconds,
          row.status === 'DISABLED',
        ].join('\n'),
        disabled: row.status === 'DISABLED',
        endpointUrl: row.endpointUrl,
        healthUrl: row.healthUrl,
        secrets: row.sealedSecret ? openSecrets(keys, name, row.sealedSecret) : [],
        allowPrivateNetwork: row.allowPrivateNetwork,
        timeoutMs: row.timeoutSeconds * 1000,
      }
    },
  }
}

/** Up to two secrets, newest first, sealed as one text. */
export function sealSecrets(keys: SecretKeys, name: string, secrets: readonly string[]): string {
  return seal(keys, secretName(name), secrets.slice(0, 2).join(' '))
}

export function openSecrets(keys: SecretKeys, name: string, sealed: string): string[] {
  return open(keys, secretName(name), sealed).split(' ')
}

/** Writes what was seen of a participant's health; leaves a disabled one alone. */
export async function saveHealth(
  db: PrismaClient,
  name: string,
  health: HealthState,
): Promise<void> {
  if (health.checkedAt === null) return
  const { latencyMs, error } = health
  // by SQL, so that updated_at goes on meaning "somebody changed it"
  await db.$executeRaw`
    UPDATE participant SET status = ${health.status}::"ParticipantStatus",
      checked_at = ${new Date(health.checkedAt)}, last_response = ${JSON.stringify({ latencyMs, error })}::jsonb,
      average_response_time = ${health.averageResponseMs}, failure_rate = ${health.failureRate}
    WHERE name = ${name} AND status <> 'DISABLED'`
}

const escaped = (text: string) => contains(text).slice(1, -1)
