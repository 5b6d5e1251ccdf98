import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterEach, beforeEach, expect, inject, it } from 'vitest'
import { deploy } from '../../server/launch/migrate.mjs'

let dir: string
let url: string

beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'migrations-'))
  const name = `migrate_${crypto.randomUUID().replaceAll('-', '')}`
  await query(inject('databaseUrl'), `CREATE DATABASE ${name}`)
  url = Object.assign(new URL(inject('databaseUrl')), { pathname: name }).href
})
afterEach(() => rmSync(dir, { recursive: true }))

async function query(connectionString: string, sql: string) {
  const db = new pg.Client({ connectionString })
  await db.connect()
  try {
    return (await db.query(sql)).rows
  } finally {
    await db.end()
  }
}
function migration(name: string, sql: string) {
  mkdirSync(path.join(dir, name), { recursive: true })
  writeFileSync(path.join(dir, name, 'migration.sql'), sql)
}

it('applies what is new, in order, once', async () => {
  migration('2_b', 'ALTER TABLE a ADD COLUMN n int')
  migration('1_a', 'CREATE TABLE a (); CREATE TABLE b ()')
  expect(await deploy(url, dir)).toEqual(['1_a', '2_b'])
  expect(await deploy(url, dir)).toEqual([])
  migration('3_c', 'DROP TABLE b')
  expect(await deploy(url, dir)).toEqual(['3_c'])
})

it('lets one of several that start together do it', async () => {
  migration('1_a', 'CREATE TABLE a ()')
  const applied = await Promise.all([deploy(url, dir), deploy(url, dir), deploy(url, dir)])
  expect(applied.flat()).toEqual(['1_a'])
})

it('keeps nothing of a migration that fails, and runs it again when it is mended', async () => {
  migration('1_a', 'CREATE TABLE a (); CREATE TABLE a ()')
  await expect(deploy(url, dir)).rejects.toThrow(/1_a failed: relation "a" already exists/)
  migration('1_a', 'CREATE TABLE a ()')
  expect(await deploy(url, dir)).toEqual(['1_a'])
})

it('refuses an edited migration, an unknown one, and one that failed under Prisma', async () => {
  migration('1_a', 'CREATE TABLE a ()')
  await deploy(url, dir)
  migration('1_a', 'CREATE TABLE a (n int)')
  await expect(deploy(url, dir)).rejects.toThrow(/1_a is not the one/)
  rmSync(path.join(dir, '1_a'), { recursive: true })
  await expect(deploy(url, dir)).rejects.toThrow(/has migration 1_a, which this code does not have/)
  await query(url, 'UPDATE _prisma_migrations SET finished_at = NULL')
  await expect(deploy(url, dir)).rejects.toThrow(/1_a failed on this database before/)
})

it("leaves a database that agrees with the schema, as Prisma's own command line sees it", async () => {
  await deploy(url)
  const prisma = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['node_modules/prisma/build/index.js', ...args], {
      env: { ...process.env, DATABASE_URL: url },
    })
  const status = await prisma('migrate', 'status')
  expect(status.stdout).toContain('Database schema is up to date')
  const schema = ['--to-schema', 'prisma/schema.prisma', '--exit-code']
  const diff = await prisma('migrate', 'diff', '--from-config-datasource', ...schema)
  expect(diff.stdout).toContain('No difference detected')
})
