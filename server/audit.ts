/**
 * The audit trail of what happens outside a saga's own journal: keys, users, participants, publications, sign-ins.
 * A change and its audit row go into one transaction wherever the change is one of ours.
 */
import type { Prisma, PrismaClient } from '@/prisma/generated/client'
import type { Actor } from '@/runtime/journal/entry'

export interface AuditEvent {
  by: Actor
  /** Noun and verb, e.g. `api-key.revoked`. */
  action: string
  /** What it was done to, e.g. `api-key/0199…`. */
  subject: string
  /** Never a secret. */
  details?: Prisma.InputJsonObject
}

/** Writes one row, through a client or inside a transaction. */
export async function audit(
  db: Pick<PrismaClient, 'auditEvent'>,
  { by, action, subject, details = {} }: AuditEvent,
): Promise<void> {
  await db.auditEvent.create({
    data: { actorId: by.id, actor: by.name, action, subject, details },
  })
}
