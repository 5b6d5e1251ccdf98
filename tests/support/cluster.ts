import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { deploy } from '../../server/launch/migrate.mjs'
import {
  destroyPostgres,
  startPostgres,
  stopPostgres,
  urlAt,
} from '../../server/launch/postgres.mjs'
import { freePort } from './free-port'

/** A migrated throw-away PostgreSQL server of one's own. fsync is off unless `settings` say otherwise. */
export async function startCluster(settings: Record<string, string> = {}) {
  const port = await freePort()
  const base = mkdtempSync(path.join(tmpdir(), 'pgtest-'))
  chmodSync(base, 0o711) // as root, the server runs as user postgres and must get through
  const dir = path.join(base, 'data')
  const options = { dir, port, settings: { fsync: 'off', ...settings } }
  await startPostgres(options)
  const url = urlAt(port)
  await deploy(url)
  return {
    url,
    /** For whatever else belongs to the test; goes with the server. */
    folder: base,
    /** Stops the server: in order, or as a crash of it would; starts it again after a while. */
    async restart(mode: 'fast' | 'immediate', downMs: number) {
      await stopPostgres(dir, mode)
      await sleep(downMs)
      await startPostgres(options)
    },
    async stop() {
      await destroyPostgres(dir)
      rmSync(base, { recursive: true, force: true })
    },
  }
}
