#!/usr/bin/env node
/**
 * Stands in for Prisma's native schema engine (PRISMA_SCHEMA_ENGINE_BINARY, set by prisma.config.ts), which is a download
 * that not every network allows: speaks its JSON-RPC over stdin and stdout and answers with the same engine compiled to
 * WASM. So Prisma's ordinary command line works with what npm has installed: `prisma migrate dev | deploy | status |
 * diff | reset | resolve`, `prisma db push | pull | execute`. A tool for developers; starting uses migrate.mjs.
 */
import fs from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { openEngine } from './wasm-engine.mjs'

const { values, positionals } = parseArgs({
  strict: false,
  allowPositionals: true,
  options: { datamodels: { type: 'string', multiple: true }, datasource: { type: 'string' } },
})
const url = values.datasource && JSON.parse(values.datasource).url
const log = (level, message, error_code) =>
  process.stderr.write(
    `${JSON.stringify({ timestamp: new Date().toISOString(), level, fields: { message, error_code }, target: 'schema_engine::logger' })}\n`,
  )

if (positionals[0] === 'cli') {
  log('INFO', 'schema engine stand-in')
  try {
    await (positionals[1] === 'create-database'
      ? createDatabase()
      : connect(url).then((c) => c.end()))
  } catch (e) {
    log(
      'ERROR',
      e.code === '3D000' ? 'Database does not exist' : e.message || String(e),
      e.code === '3D000' ? 'P1003' : e.code === '28P01' ? 'P1000' : 'P1001',
    )
    process.exit(1)
  }
  process.exit(0)
}

async function connect(connectionString) {
  const c = new pg.Client({ connectionString })
  await c.connect()
  return c
}

async function createDatabase() {
  const u = new URL(url)
  const name = decodeURIComponent(u.pathname.slice(1))
  u.pathname = '/postgres'
  const c = await connect(u.href)
  await c.query(`CREATE DATABASE ${c.escapeIdentifier(name)}`)
  await c.end()
  return { databaseName: name }
}

process.on('uncaughtException', (e) => {
  log('ERROR', e.stack ?? String(e))
  process.exit(101)
})

const files = (values.datamodels ?? []).map((path) => ({
  path,
  content: fs.readFileSync(path, 'utf8'),
}))
const opened = openEngine(url ?? 'postgresql://localhost:1/none', files)
opened.catch(() => {})
const reply = (message) =>
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)

const methods = {
  getDatabaseVersion: (e, p) => e.version(p),
  createDatabase,
  async diff(e, p) {
    const { stdout, exitCode } = await e.diff(p)
    if (stdout) reply({ id: 'print', method: 'print', params: { content: stdout } })
    return { exitCode, stdout: null }
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line)
  if (!method) continue // the answer to a print
  try {
    const { engine } = await opened
    const result = await (methods[method]
      ? methods[method](engine, params)
      : engine[method](params))
    reply({ id, result: result ?? {} })
  } catch (e) {
    const message = e.message ?? String(e)
    reply({
      id,
      error: {
        code: 4466,
        message,
        data: { is_panic: false, message, error_code: e.code, meta: e.meta },
      },
    })
  }
}
process.exit(0)
