/**
 * Compliance: screens a name, opens and closes cases. The score is made from the name alone, so a run can be repeated:
 * names with a word that any auditor would stop at score 90 and more, all others 5 to 64. Up to 79 is clear.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type DemoService, operation, recordEffect, undoesNothing } from '../service'

const NAME = 'compliance'
const CLEAR_UP_TO = 79
const ALARMING = /\b(offshore|casino|shell|anonymous|sanctioned)\b/i

const caseId = z.string().min(1).max(64)

export const compliance: DemoService = {
  name: NAME,
  title: 'Compliance',
  sql: `
CREATE TABLE IF NOT EXISTS demo.compliance_case (
  id       text PRIMARY KEY DEFAULT 'case_' || gen_random_uuid(),
  subject  text NOT NULL,
  reason   text,
  state    text NOT NULL DEFAULT 'OPEN' CHECK (state IN ('OPEN', 'CLOSED')),
  open_key text NOT NULL
);
CREATE INDEX IF NOT EXISTS compliance_case_open_key ON demo.compliance_case (open_key);
`,
  operations: {
    screen: operation({
      title: 'Screen a venture',
      effect: 'readonly',
      input: z.object({
        ventureId: z.string().max(64).optional(),
        name: z.string().trim().min(1).max(200),
      }),
      output: z.object({ score: z.int().min(0).max(100), clear: z.boolean() }),
      async run(input) {
        const score = riskScore(input.name)
        return { score, clear: score <= CLEAR_UP_TO }
      },
    }),

    openCase: operation({
      title: 'Open a case',
      effect: 'compensatable',
      compensation: 'closeCase',
      input: z.object({
        ventureId: z.string().max(64).optional(),
        name: z.string().max(200).optional(),
        reason: z.string().max(500).optional(),
      }),
      output: z.object({ caseId }),
      async run(input, context) {
        const subject = input.ventureId ?? input.name ?? context.sagaId
        const { rows } = await context.tx.query<{ id: string }>(
          `INSERT INTO demo.compliance_case (subject, reason, open_key) VALUES ($1, $2, $3)
           RETURNING id`,
          [subject, input.reason ?? null, context.key],
        )
        await recordEffect(NAME, context)
        return { caseId: rows[0]?.id }
      },
    }),

    closeCase: operation({
      title: 'Close a case',
      input: z.object({ caseId: caseId.optional() }),
      output: z.object({ closed: z.boolean() }),
      async run(input, context) {
        if (undoesNothing(context)) return { closed: false }
        const { rowCount } = await context.tx.query(
          `UPDATE demo.compliance_case SET state = 'CLOSED'
            WHERE state = 'OPEN' AND (open_key = $1 OR ($1::text IS NULL AND id = $2))`,
          [context.undoes ?? null, input.caseId ?? null],
        )
        if (rowCount) await recordEffect(NAME, context)
        return { closed: Boolean(rowCount) }
      },
    }),
  },
}

/** 0 to 100, higher is worse; the same name always gets the same score. */
export function riskScore(name: string): number {
  const folded = name.trim().toLowerCase()
  const byte = createHash('sha256').update(folded).digest()[0] ?? 0
  return ALARMING.test(folded) ? 90 + (byte % 10) : 5 + (byte % 60)
}
