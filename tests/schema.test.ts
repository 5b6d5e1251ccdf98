import pg from 'pg'
import { expect, inject, it } from 'vitest'

it('migrates an empty database', async () => {
  const db = new pg.Client({ connectionString: inject('databaseUrl') })
  await db.connect()
  const { rows } = await db.query(
    "select count(*)::int as n from information_schema.tables where table_schema = 'public'",
  )
  await db.end()
  expect(rows[0].n).toBeGreaterThan(15)
})
