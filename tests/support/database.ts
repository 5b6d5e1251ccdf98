import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { deploy } from '../../server/launch/migrate.mjs'

/** A migrated database of one's own in the server that `url` leads to. */
export async function createDatabase(url: string) {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await run(url, `CREATE DATABASE ${name}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  await deploy(own.href)
  return { url: own.href, drop: () => run(url, `DROP DATABASE ${name} WITH (FORCE)`) }
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
