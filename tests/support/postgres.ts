import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { deploy } from '../../server/launch/migrate.mjs'
import { destroyPostgres, startPostgres, urlAt } from '../../server/launch/postgres.mjs'

declare module 'vitest' {
  interface ProvidedContext {
    databaseUrl: string
  }
}

const freePort = () =>
  new Promise<number>((done) => {
    const s = createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address() as { port: number }
      s.close(() => done(port))
    })
  })

// a throw-away cluster for the whole run
export default async function setup(project: TestProject) {
  const t = performance.now()
  const port = await freePort()
  const base = mkdtempSync(path.join(tmpdir(), 'pgtest-'))
  chmodSync(base, 0o711) // as root, the server runs as user postgres and must get through
  const dir = path.join(base, 'data')
  await startPostgres({ dir, port, settings: { fsync: 'off' } })
  const url = urlAt(port)
  await deploy(url)
  console.log(`test database ready in ${Math.round(performance.now() - t)} ms`)
  project.provide('databaseUrl', url)
  return async () => {
    await destroyPostgres(dir)
    rmSync(base, { recursive: true, force: true })
  }
}
