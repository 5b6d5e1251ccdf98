import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { deploy } from '../../server/launch/migrate.mjs'
import { destroyPostgres, startPostgres, urlAt } from '../../server/launch/postgres.mjs'
import { freePort } from './free-port'

/** A migrated throw-away PostgreSQL server of one's own. fsync is off unless `settings` say otherwise. */
export async function startCluster(settings: Record<string, string> = {}) {
  const port = await freePort()
  const base = mkdtempSync(path.join(tmpdir(), 'pgtest-'))
  chmodSync(base, 0o711) // as root, the server runs as user postgres and must get through
  const dir = path.join(base, 'data')
  await startPostgres({ dir, port, settings: { fsync: 'off', ...settings } })
  const url = urlAt(port)
  await deploy(url)
  return {
    url,
    /** For whatever else belongs to the test; goes with the server. */
    folder: base,
    async stop() {
      await destroyPostgres(dir)
      rmSync(base, { recursive: true, force: true })
    },
  }
}
