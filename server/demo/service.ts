/**
 * What a demo service is: a name, the tables it needs, and operations. The kit gives it signatures, inbox and
 * transactions; the demo server (server.ts) gives it a place and the switches that make it fail.
 *
 * Every effect is written down in `demo.effect`, in the transaction that makes it, with its key: audit.ts counts them.
 */
import { z } from 'zod'
import { type OperationContext, TerminalError } from '@/runtime/participant/kit/participant-handler'
import type { Json } from '@/runtime/ports'
import type { ParticipantOperation } from '@/server/api/contract'

export interface DemoOperation {
  title: string
  effect?: NonNullable<ParticipantOperation['effect']>
  /** The operation that undoes it. */
  compensation?: string
  input: z.ZodType
  output: z.ZodType
  run: (input: Json, context: OperationContext) => Promise<unknown>
}

export interface DemoService {
  name: string
  title: string
  /** Creates its tables in the schema `demo`; safe to run again. */
  sql: string
  operations: Record<string, DemoOperation>
}

/** The table of effects, common to all services. */
export const EFFECT_SQL = `
CREATE TABLE IF NOT EXISTS demo.effect (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  service   text NOT NULL,
  operation text NOT NULL,
  key       text NOT NULL,
  saga_id   text NOT NULL,
  step      text NOT NULL,
  kind      text NOT NULL,
  undoes    text,
  at        timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS effect_key ON demo.effect (key);
CREATE INDEX IF NOT EXISTS effect_saga ON demo.effect (saga_id);
`

/** An operation whose input is parsed before it runs; input that does not fit is refused for good. */
export function operation<I extends z.ZodType>(definition: {
  title: string
  effect?: NonNullable<ParticipantOperation['effect']>
  compensation?: string
  input: I
  output: z.ZodType
  run: (input: z.output<I>, context: OperationContext) => Promise<unknown>
}): DemoOperation {
  return {
    ...definition,
    async run(input, context) {
      const parsed = definition.input.safeParse(input ?? {})
      if (!parsed.success) throw new TerminalError('BAD_INPUT', z.prettifyError(parsed.error))
      return definition.run(parsed.data, context)
    },
  }
}

/** Writes the effect down. Call it once for each row that an operation really changed. */
export async function recordEffect(service: string, context: OperationContext): Promise<void> {
  await context.tx.query(
    `INSERT INTO demo.effect (service, operation, key, saga_id, step, kind, undoes)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      service,
      context.operation,
      context.key,
      context.sagaId,
      context.step,
      context.kind,
      context.undoes ?? null,
    ],
  )
}

/** The inbox table of a service. */
export function inboxTable(service: string): string {
  return `demo.${service.replaceAll('-', '_')}_inbox`
}

/** True when the compensation has nothing to undo: its forward call did not happen, and will be refused. */
export function undoesNothing(context: OperationContext): boolean {
  return context.undone !== undefined && !context.undone.happened
}
