/**
 * Budgets of ventures: an amount is reserved, then charged; each can be taken back. A venture that was never seen
 * has 1,000,000 in each currency.
 *
 * `used` of a budget is always the sum of its held and charged reservations; audit.ts checks it.
 */
import { z } from 'zod'
import { type OperationContext, TerminalError } from '@/runtime/participant/kit/participant-handler'
import { type DemoService, operation, recordEffect, undoesNothing } from '../service'

const NAME = 'budget-ledger'
const TOTAL_DEFAULT = 1_000_000

const amount = z.number().positive().max(1e12).describe('At most two decimals are kept')
const reservationId = z.string().min(1).max(64)
const given = z.object({ reservationId: reservationId.optional() })

export const budgetLedger: DemoService = {
  name: NAME,
  title: 'Budget ledger',
  sql: `
CREATE TABLE IF NOT EXISTS demo.budget (
  venture_id text NOT NULL,
  currency   text NOT NULL,
  total      numeric(20, 2) NOT NULL DEFAULT ${TOTAL_DEFAULT},
  used       numeric(20, 2) NOT NULL DEFAULT 0,
  PRIMARY KEY (venture_id, currency)
);
CREATE TABLE IF NOT EXISTS demo.reservation (
  id          text PRIMARY KEY DEFAULT 'res_' || gen_random_uuid(),
  venture_id  text NOT NULL,
  currency    text NOT NULL,
  amount      numeric(20, 2) NOT NULL,
  state       text NOT NULL DEFAULT 'HELD' CHECK (state IN ('HELD', 'CHARGED', 'RELEASED')),
  reserve_key text NOT NULL,
  charge_key  text
);
CREATE INDEX IF NOT EXISTS reservation_reserve_key ON demo.reservation (reserve_key);
CREATE INDEX IF NOT EXISTS reservation_charge_key ON demo.reservation (charge_key);
`,
  operations: {
    reserve: operation({
      title: 'Reserve an amount',
      effect: 'compensatable',
      compensation: 'release',
      input: z.object({
        ventureId: z.string().min(1).max(64),
        amount,
        currency: z
          .string()
          .regex(/^[A-Z]{3}$/)
          .default('EUR'),
      }),
      output: z.object({ reservationId, remaining: z.number() }),
      async run(input, context) {
        const { tx, key } = context
        const budget = [input.ventureId, input.currency]
        await tx.query(
          'INSERT INTO demo.budget (venture_id, currency) VALUES ($1, $2) ON CONFLICT DO NOTHING',
          budget,
        )
        const { rows } = await tx.query<{ remaining: string }>(
          `UPDATE demo.budget SET used = used + $3::numeric(20, 2)
            WHERE venture_id = $1 AND currency = $2 AND used + $3::numeric(20, 2) <= total
        RETURNING total - used AS remaining`,
          [...budget, input.amount],
        )
        if (!rows[0]) throw new TerminalError('INSUFFICIENT_FUNDS', await shortage(context, input))
        const reserved = await tx.query<{ id: string }>(
          `INSERT INTO demo.reservation (venture_id, currency, amount, reserve_key)
           VALUES ($1, $2, $3, $4) RETURNING id`,
          [...budget, input.amount, key],
        )
        await recordEffect(NAME, context)
        return { reservationId: reserved.rows[0]?.id, remaining: Number(rows[0].remaining) }
      },
    }),

    release: operation({
      title: 'Release a reservation',
      input: given,
      output: z.object({ released: z.boolean() }),
      async run(input, context) {
        if (undoesNothing(context)) return { released: false }
        const { rows } = await context.tx.query(
          `WITH released AS (
             UPDATE demo.reservation SET state = 'RELEASED'
              WHERE state = 'HELD' AND (reserve_key = $1 OR ($1::text IS NULL AND id = $2))
          RETURNING venture_id, currency, amount)
           UPDATE demo.budget AS b SET used = b.used - r.amount
             FROM released AS r WHERE b.venture_id = r.venture_id AND b.currency = r.currency
        RETURNING b.venture_id`,
          [context.undoes ?? null, input.reservationId ?? null],
        )
        if (rows.length > 0) await recordEffect(NAME, context)
        return { released: rows.length > 0 }
      },
    }),

    charge: operation({
      title: 'Charge a reservation',
      effect: 'compensatable',
      compensation: 'refund',
      input: z.object({ reservationId }),
      output: z.object({ reservationId, amount: z.number() }),
      async run(input, context) {
        const { rows } = await context.tx.query<{ amount: string }>(
          `UPDATE demo.reservation SET state = 'CHARGED', charge_key = $2
            WHERE id = $1 AND state = 'HELD' RETURNING amount`,
          [input.reservationId, context.key],
        )
        if (!rows[0])
          throw new TerminalError(
            'RESERVATION_NOT_HELD',
            `Reservation ${input.reservationId} is not held: it is unknown, charged or released`,
          )
        await recordEffect(NAME, context)
        return { reservationId: input.reservationId, amount: Number(rows[0].amount) }
      },
    }),

    refund: operation({
      title: 'Refund a charge',
      input: given,
      output: z.object({ refunded: z.boolean() }),
      async run(input, context) {
        if (undoesNothing(context)) return { refunded: false }
        const { rowCount } = await context.tx.query(
          `UPDATE demo.reservation SET state = 'HELD', charge_key = NULL
            WHERE state = 'CHARGED' AND (charge_key = $1 OR ($1::text IS NULL AND id = $2))`,
          [context.undoes ?? null, input.reservationId ?? null],
        )
        if (rowCount) await recordEffect(NAME, context)
        return { refunded: Boolean(rowCount) }
      },
    }),
  },
}

async function shortage(
  { tx }: OperationContext,
  input: { ventureId: string; currency: string; amount: number },
): Promise<string> {
  const { rows } = await tx.query<{ left: string }>(
    'SELECT total - used AS left FROM demo.budget WHERE venture_id = $1 AND currency = $2',
    [input.ventureId, input.currency],
  )
  const left = Number(rows[0]?.left)
  return `Venture ${input.ventureId} has ${left} ${input.currency} left, ${input.amount} are needed`
}
