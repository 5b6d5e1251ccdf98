/** A database of its own for each test file, in the throw-away cluster: the demo's schema has a fixed name. */
import pg from 'pg'
import { afterAll, beforeAll, inject } from 'vitest'

export interface DemoDatabase {
  url: string
  pool: pg.Pool
}

/** Filled before the tests of the file run, dropped after them. */
export function demoDatabase(name: string): DemoDatabase {
  const url = new URL(inject('databaseUrl'))
  const database = `${name}_${process.pid}`
  const admin = async (sql: string) => {
    const client = new pg.Client({ connectionString: inject('databaseUrl') })
    await client.connect()
    await client.query(sql)
    await client.end()
  }
  url.pathname = `/${database}`
  const pool = new pg.Pool({ connectionString: url.href, max: 15 })
  pool.on('error', () => {})
  beforeAll(() => admin(`CREATE DATABASE ${database}`))
  afterAll(async () => {
    await pool.end()
    await admin(`DROP DATABASE ${database} WITH (FORCE)`)
  })
  return { url: url.href, pool }
}
