/**
 * A company register: a name is reserved, then registered; each can be taken back. A name belongs to one company at
 * a time, whatever its capitals.
 */
import { z } from 'zod'
import { TerminalError } from '@/runtime/participant/kit/participant-handler'
import { type DemoService, operation, recordEffect, undoesNothing } from '../service'

const NAME = 'company-registry'

const registrationId = z.string().min(1).max(64)
const given = z.object({ registrationId: registrationId.optional() })

export const companyRegistry: DemoService = {
  name: NAME,
  title: 'Company registry',
  sql: `
CREATE TABLE IF NOT EXISTS demo.company (
  id           text PRIMARY KEY DEFAULT 'reg_' || gen_random_uuid(),
  name         text NOT NULL,
  state        text NOT NULL DEFAULT 'RESERVED' CHECK (state IN ('RESERVED', 'REGISTERED', 'RELEASED')),
  number       bigint GENERATED ALWAYS AS IDENTITY (START WITH 10001),
  reserve_key  text NOT NULL,
  register_key text
);
CREATE UNIQUE INDEX IF NOT EXISTS company_name ON demo.company (lower(name)) WHERE state <> 'RELEASED';
CREATE INDEX IF NOT EXISTS company_reserve_key ON demo.company (reserve_key);
CREATE INDEX IF NOT EXISTS company_register_key ON demo.company (register_key);
`,
  operations: {
    reserveName: operation({
      title: 'Reserve a name',
      effect: 'compensatable',
      compensation: 'releaseName',
      input: z.object({ name: z.string().trim().min(1).max(200) }),
      output: z.object({ registrationId }),
      async run(input, context) {
        const { rows } = await context.tx.query<{ id: string }>(
          `INSERT INTO demo.company (name, reserve_key) VALUES ($1, $2)
           ON CONFLICT (lower(name)) WHERE state <> 'RELEASED' DO NOTHING RETURNING id`,
          [input.name, context.key],
        )
        if (!rows[0])
          throw new TerminalError('NAME_TAKEN', `The name ${input.name} belongs to another company`)
        await recordEffect(NAME, context)
        return { registrationId: rows[0].id }
      },
    }),

    releaseName: operation({
      title: 'Release a name',
      input: given,
      output: z.object({ released: z.boolean() }),
      async run(input, context) {
        if (undoesNothing(context)) return { released: false }
        const { rowCount } = await context.tx.query(
          `UPDATE demo.company SET state = 'RELEASED'
            WHERE state = 'RESERVED' AND (reserve_key = $1 OR ($1::text IS NULL AND id = $2))`,
          [context.undoes ?? null, input.registrationId ?? null],
        )
        if (rowCount) await recordEffect(NAME, context)
        return { released: Boolean(rowCount) }
      },
    }),

    register: operation({
      title: 'Register the company',
      effect: 'pivot',
      compensation: 'deregister',
      input: z.object({ registrationId }),
      output: z.object({ registrationId, registrationNumber: z.string() }),
      async run(input, context) {
        const { rows } = await context.tx.query<{ number: string }>(
          `UPDATE demo.company SET state = 'REGISTERED', register_key = $2
            WHERE id = $1 AND state = 'RESERVED' RETURNING number`,
          [input.registrationId, context.key],
        )
        if (!rows[0])
          throw new TerminalError(
            'NAME_NOT_RESERVED',
            `Registration ${input.registrationId} holds no reserved name`,
          )
        await recordEffect(NAME, context)
        return { registrationId: input.registrationId, registrationNumber: `HRB ${rows[0].number}` }
      },
    }),

    deregister: operation({
      title: 'Deregister the company',
      input: given,
      output: z.object({ deregistered: z.boolean() }),
      async run(input, context) {
        if (undoesNothing(context)) return { deregistered: false }
        const { rowCount } = await context.tx.query(
          `UPDATE demo.company SET state = 'RESERVED', register_key = NULL
            WHERE state = 'REGISTERED' AND (register_key = $1 OR ($1::text IS NULL AND id = $2))`,
          [context.undoes ?? null, input.registrationId ?? null],
        )
        if (rowCount) await recordEffect(NAME, context)
        return { deregistered: Boolean(rowCount) }
      },
    }),
  },
}
