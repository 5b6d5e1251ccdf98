import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { deploy } from '../../server/launch/migrate.mjs'
import { startPostgres, urlAt } from '../../server/launch/postgres.mjs'

/** A migrated throw-away PostgreSQL server of one's own. `fsync` is off unless asked for. */
export async function startCluster(settings: Record<string, string> = {}) {
  const port = await freePort()
  const base = mkdtempSync(path.join(tmpdir(), 'pgtest-'))
  chmodSync(base, 0o711) // as root, the server runs as user postgres and must get through
  const stop = await startPostgres({
    dir: path.join(base, 'data'),
    port,
    settings: { fsync: 'off', ...settings },
  })
  const url = urlAt(port)
  await deploy(url)
  return {
    url,
    async stop() {
      await stop()
      rmSync(base, { recursive: true, force: true })
    },
  }
}

const freePort = () =>
  new Promise<number>((done) => {
    const s = createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address() as { port: number }
      s.close(() => done(port))
    })
  })
