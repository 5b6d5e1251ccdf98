// Applies prisma/migrations/*/migration.sql as `prisma migrate deploy` does and records them in the same table
// (same columns, sha256 of the file, same advisory lock), so that the real engine agrees with the result.
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'

const TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                  VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum            VARCHAR(64) NOT NULL,
  finished_at         TIMESTAMPTZ,
  migration_name      VARCHAR(255) NOT NULL,
  logs                TEXT,
  rolled_back_at      TIMESTAMPTZ,
  started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`

export function readMigrations(dir) {
  return readdirSync(dir, { withFileTypes: true })
    .filter((d) => d.isDirectory() && existsSync(path.join(dir, d.name, 'migration.sql')))
    .map((d) => d.name)
    .sort()
    .map((name) => {
      const sql = readFileSync(path.join(dir, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    })
}

export async function deploy(connectionString, dir = path.resolve('prisma/migrations')) {
  const db = new pg.Client({ connectionString })
  await db.connect()
  try {
    await db.query('SELECT pg_advisory_lock(72707369)') // Prisma Migrate's own lock
    await db.query(TABLE)
    const { rows } = await db.query(
      'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
    )
    const known = new Map(rows.map((r) => [r.migration_name, r]))
    const failed = rows.find((r) => !r.finished_at)
    if (failed)
      throw new Error(
        `migration ${failed.migration_name} failed before; repair the database and mark it`,
      )
    const applied = []
    for (const { name, sql, checksum } of readMigrations(dir)) {
      const done = known.get(name)
      if (done && done.checksum !== checksum)
        throw new Error(`migration ${name} was edited after it was applied`)
      if (done) continue
      const id = randomUUID()
      await db.query(
        'INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)',
        [id, checksum, name],
      )
      try {
        await db.query(sql) // simple protocol: many statements, one implicit transaction
      } catch (e) {
        await db.query('UPDATE _prisma_migrations SET logs = $2 WHERE id = $1', [id, String(e)])
        throw new Error(`migration ${name} failed: ${e.message}`, { cause: e })
      }
      await db.query(
        'UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1 WHERE id = $1',
        [id],
      )
      applied.push(name)
    }
    return applied
  } finally {
    await db.end()
  }
}
