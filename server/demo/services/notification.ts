/**
 * Messages that leave the house. Nothing here can be taken back, so sagas put it behind their pivot and retry it.
 */
import { z } from 'zod'
import { type DemoService, operation, recordEffect } from '../service'

const NAME = 'notification'

export const notification: DemoService = {
  name: NAME,
  title: 'Notification',
  sql: `
CREATE TABLE IF NOT EXISTS demo.message (
  id        text PRIMARY KEY DEFAULT 'msg_' || gen_random_uuid(),
  recipient text NOT NULL,
  template  text NOT NULL,
  data      jsonb NOT NULL,
  key       text NOT NULL
);
CREATE TABLE IF NOT EXISTS demo.publication (
  id    text PRIMARY KEY DEFAULT 'pub_' || gen_random_uuid(),
  topic text NOT NULL,
  data  jsonb NOT NULL,
  key   text NOT NULL
);
`,
  operations: {
    send: operation({
      title: 'Send a message',
      effect: 'retriable',
      input: z.object({
        to: z.string().min(1).max(320),
        template: z.string().min(1).max(100),
        data: z.record(z.string(), z.json()).default({}),
      }),
      output: z.object({ messageId: z.string() }),
      async run(input, context) {
        const { rows } = await context.tx.query<{ id: string }>(
          `INSERT INTO demo.message (recipient, template, data, key) VALUES ($1, $2, $3, $4)
           RETURNING id`,
          [input.to, input.template, JSON.stringify(input.data), context.key],
        )
        await recordEffect(NAME, context)
        return { messageId: rows[0]?.id }
      },
    }),

    publish: operation({
      title: 'Publish an announcement',
      effect: 'retriable',
      input: z.object({
        topic: z.string().min(1).max(100),
        data: z.record(z.string(), z.json()).default({}),
      }),
      output: z.object({ publicationId: z.string() }),
      async run(input, context) {
        const { rows } = await context.tx.query<{ id: string }>(
          'INSERT INTO demo.publication (topic, data, key) VALUES ($1, $2, $3) RETURNING id',
          [input.topic, JSON.stringify(input.data), context.key],
        )
        await recordEffect(NAME, context)
        return { publicationId: rows[0]?.id }
      },
    }),
  },
}
