import { chmodSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterEach, expect, it } from 'vitest'
import { destroyPostgres, runningOn, startPostgres, urlAt } from '../../server/launch/postgres.mjs'
import { freePort } from '../support/free-port'

// a folder that the account PostgreSQL runs as cannot walk to, as a clone below /root
const base = mkdtempSync(path.join(tmpdir(), 'launch-'))
const dir = path.join(base, 'pg')

afterEach(() => destroyPostgres(dir))

const ask = async (port: number, sql: string) => {
  const db = new pg.Client({ connectionString: urlAt(port) })
  await db.connect()
  try {
    return (await db.query(sql)).rows
  } finally {
    await db.end()
  }
}
const pidOf = () => {
  const running = runningOn(dir)
  if (!running) throw new Error('not running')
  return running.pid
}

it('keeps its data over a stop, a SIGKILL and a postmaster.pid that names another process', async () => {
  const port = await freePort()
  const stop = await startPostgres({ dir, port })
  await ask(port, 'CREATE TABLE kept AS SELECT 7 AS n')
  await stop()
  expect(runningOn(dir)).toBeNull()

  await startPostgres({ dir, port })
  expect(await ask(port, 'SELECT n FROM kept')).toEqual([{ n: 7 }])
  process.kill(pidOf(), 'SIGKILL')
  await expect.poll(() => runningOn(dir)).toBeNull()

  // this very process runs under the pid that the file names, as after a restart of a container
  writeFileSync(path.join(dir, 'postmaster.pid'), `${process.pid}\n${dir}\n1\n${port}\n`)
  await startPostgres({ dir, port })
  expect(await ask(port, 'SELECT n FROM kept')).toEqual([{ n: 7 }])
})

it('finds a server that a killed parent left running, and starts no second one', async () => {
  const port = await freePort()
  await startPostgres({ dir, port })
  const pid = pidOf()
  await startPostgres({ dir, port })
  expect(pidOf()).toBe(pid)
})

it('allows prepared transactions, which two-phase commit needs', async () => {
  const port = await freePort()
  await startPostgres({ dir, port })
  expect(await ask(port, 'SHOW max_prepared_transactions')).toEqual([
    { max_prepared_transactions: '64' },
  ])
})

it('makes a cluster anew where initdb was killed half-way', async () => {
  chmodSync(base, 0o711) // here the data are in the folder itself, and so is what is left
  mkdirSync(`${dir}.new`)
  writeFileSync(path.join(`${dir}.new`, 'PG_VERSION'), '18')
  const port = await freePort()
  await startPostgres({ dir, port })
  expect(await ask(port, 'SELECT 1 AS n')).toEqual([{ n: 1 }])
  expect(existsSync(`${dir}.new`)).toBe(false)
})

it('quotes the server when it cannot start', async () => {
  const port = await freePort()
  const stop = await startPostgres({ dir, port })
  await stop()
  await expect(
    startPostgres({ dir, port, settings: { shared_buffers: 'plenty' } }),
  ).rejects.toThrow(/did not start.*shared_buffers/s)
})
