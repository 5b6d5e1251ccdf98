/** What lists show, read past the store: the rows as the port's types, so that tests can compare them with what went in. */
import type { PrismaClient } from '@/prisma/generated/client'
import type { Harness } from '../journal/conformance'

export function listRows(prisma: PrismaClient): Pick<Harness, 'saga' | 'gate' | 'decision'> {
  return {
    async saga(id) {
      const row = await prisma.sagaExecution.findUnique({ where: { sagaId: id } })
      if (!row) return
      return {
        id: row.sagaId,
        definition: {
          name: row.sagaType,
          version: row.definitionVersion,
          digest: row.definitionDigest,
        },
        title: row.name,
        ventureId: row.ventureId,
        parentId: row.parentId,
        parentStep: row.parentStep,
        status: row.status,
        totalSteps: row.totalSteps,
        input: row.input,
        ...(row.output === null ? {} : { output: row.output }),
        startedBy: row.startedBy,
        startedAt: row.startedAt.getTime(),
        endedAt: row.completedAt?.getTime() ?? null,
        timeoutAt: row.timeoutAt?.getTime() ?? null,
        requiresApproval: row.requiresApproval,
        failureCode: row.failureCode,
        failureReason: row.failureReason,
      }
    },
    async gate(id) {
      const row = await prisma.gate.findUnique({ where: { id } })
      if (!row) return
      const { openedAt, dueAt, closedAt, ...gate } = row
      return {
        ...gate,
        openedAt: openedAt.getTime(),
        dueAt: dueAt?.getTime() ?? null,
        closedAt: closedAt?.getTime() ?? null,
      }
    },
    async decision(id) {
      const row = await prisma.chairmanSagaDecision.findUnique({ where: { decisionId: id } })
      if (!row) return
      return {
        id,
        sagaId: row.sagaId,
        gateId: row.gateId,
        decision: row.decisionType,
        reasoning: row.reasoning,
        conditions: row.conditions,
        decidedBy: row.decidedBy,
        decidedByName: row.decidedByName,
        at: row.createdAt.getTime(),
        seenSeq: row.seenSeq,
        previewDigest: row.previewDigest,
      }
    },
  }
}
