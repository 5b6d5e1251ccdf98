/**
 * Applies prisma/migrations/<name>/migration.sql in order and records them in Prisma's own table (same columns, the
 * file's sha256, the same advisory lock), so that `npx prisma migrate` agrees with the result. It takes 20 ms where
 * Prisma's engine, which is a download, takes a second.
 *
 * 1. A migration and its record are one transaction: one that fails or is killed leaves nothing, and runs again.
 * 2. So a migration must not hold what PostgreSQL refuses in a transaction (CREATE INDEX CONCURRENTLY, VACUUM).
 * 3. A database that is ahead of this code, or was migrated from other files, is refused before anything is changed.
 */
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { connected } from './connect.mjs'
import { LaunchError } from './progress.mjs'

const MIGRATIONS = path.resolve(import.meta.dirname, '../../prisma/migrations')
/** The key under which Prisma Migrate locks. */
const LOCK = 72707369
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
const RECORD = `INSERT INTO _prisma_migrations
  (id, checksum, migration_name, finished_at, applied_steps_count) VALUES ($1, $2, $3, clock_timestamp(), 1)`

/**
 * Brings a database up to date; resolves to the names of the migrations it applied.
 * @param {string} connectionString
 * @param {string} [dir] the migrations' folder
 * @returns {Promise<string[]>}
 */
export async function deploy(connectionString, dir = MIGRATIONS) {
  return connected(connectionString, async (db) => {
    // the lock goes with the connection
    await db.query('SELECT pg_advisory_lock($1)', [LOCK])
    await db.query(TABLE)
    const migrations = readMigrations(dir)
    const done = await recorded(db, migrations)
    const fresh = migrations.filter(({ name }) => !done.has(name))
    for (const migration of fresh) await apply(db, migration)
    return fresh.map(({ name }) => name)
  })
}

function readMigrations(dir) {
  return readdirSync(dir)
    .filter((name) => existsSync(path.join(dir, name, 'migration.sql')))
    .sort()
    .map((name) => {
      const sql = readFileSync(path.join(dir, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    })
}

/** The names that are applied already, once all of them are what this code knows. */
async function recorded(db, migrations) {
  const { rows } = await db.query(
    'SELECT migration_name AS name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  )
  for (const { name, checksum, finished_at } of rows) {
    const known = migrations.find((migration) => migration.name === name)
    if (!finished_at)
      throw new LaunchError(`Migration ${name} failed on this database before.`, {
        next: `Repair the database, then: npx prisma migrate resolve --rolled-back ${name}`,
      })
    if (!known)
      throw new LaunchError(`This database has migration ${name}, which this code does not have.`, {
        next: 'It was used by a newer version: update the code, or use another database (DATABASE_URL, SAGAWRIGHT_DATA).',
      })
    if (known.checksum !== checksum)
      throw new LaunchError(`Migration ${name} is not the one this database was made with.`, {
        next: 'Put the file back as it was and write a new migration: npm run db:migrate. Or use another database.',
      })
  }
  return new Set(rows.map(({ name }) => name))
}

async function apply(db, { name, sql, checksum }) {
  try {
    await db.query('BEGIN')
    await db.query(sql)
    await db.query(RECORD, [randomUUID(), checksum, name])
    await db.query('COMMIT')
  } catch (cause) {
    await db.query('ROLLBACK').catch(() => {})
    throw new LaunchError(`Migration ${name} failed: ${cause.message}`, {
      next: 'Nothing of it was kept. Mend the migration or the database, then start again.',
      cause,
    })
  }
}
