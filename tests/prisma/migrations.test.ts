import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import pg from 'pg'
import { expect, inject, it } from 'vitest'
import { SHARDS } from '@/runtime/journal/store'

const run = promisify(execFile)

/** rc 0: the migrations give exactly the schema; rc 2: they differ, and stdout says where. */
async function diff(...args: string[]): Promise<{ code: number; stdout: string }> {
  const prisma = 'node_modules/prisma/build/index.js'
  const env = { ...process.env, DATABASE_URL: inject('databaseUrl') }
  try {
    const { stdout } = await run(
      process.execPath,
      [prisma, 'migrate', 'diff', '--exit-code', ...args],
      { env },
    )
    return { code: 0, stdout }
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string }
    return { code, stdout }
  }
}

it('gives, applied one after the other, what the schema says', async () => {
  const result = await diff(
    '--from-migrations',
    'prisma/migrations',
    '--to-schema',
    'prisma/schema.prisma',
  )
  expect(result).toMatchObject({ code: 0 })
}, 60_000)

it('would be told apart from another schema', async () => {
  const result = await diff('--from-empty', '--to-schema', 'prisma/schema.prisma')
  expect(result).toMatchObject({
    code: 2,
    stdout: expect.stringContaining('Changed the `entity` table'),
  })
}, 60_000)

it('seeds a row for every shard', async () => {
  const db = new pg.Client({ connectionString: inject('databaseUrl') })
  await db.connect()
  const { rows } = await db.query('SELECT min(id), max(id), count(*)::int FROM shard')
  await db.end()
  expect(rows).toEqual([{ min: 0, max: SHARDS - 1, count: SHARDS }])
})
