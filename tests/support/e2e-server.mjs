/**
 * The server of the browser tests: what `npm start` runs, on a data folder of its own that begins empty.
 */
import { rmSync } from 'node:fs'
import path from 'node:path'
import { dataFolder } from '../../server/launch/database.mjs'
import { destroyPostgres } from '../../server/launch/postgres.mjs'

const data = dataFolder()
await destroyPostgres(path.join(data, 'pg')) // what an interrupted run has left
rmSync(data, { recursive: true, force: true })
await import('../../server/launch/start.mjs')
