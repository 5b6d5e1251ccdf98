/**
 * Prisma's schema engine from npm: the same Rust engine as the native one, compiled to WASM (package
 * @prisma/schema-engine-wasm of prisma's own engines commit), over @prisma/adapter-pg. For schema-engine.mjs alone;
 * starting uses migrate.mjs.
 */
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils'

/**
 * An engine on that database; `close` frees it and its connections.
 * @param {string} connectionString
 * @param {{ path: string, content: string }[]} files the Prisma schema
 */
export async function openEngine(connectionString, files) {
  // the package's own entry imports a .wasm module, which Node 20 cannot do without a flag: bind it by hand
  const require = createRequire(import.meta.url)
  const js = require.resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const bg = await import(js)
  const bytes = fs.readFileSync(js.replace(/\.js$/, '.wasm'))
  // its 10 s timer for the advisory lock is never cleared: keep it from holding the process
  const timers = Object.keys(bg).filter((k) => k.startsWith('__wbg_setTimeout_'))
  const unref = Object.fromEntries(timers.map((k) => [k, (...a) => bg[k](...a).unref()]))
  const { instance } = await WebAssembly.instantiate(bytes, {
    './schema_engine_bg.js': { ...bg, ...unref },
  })
  bg.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  globalThis.PRISMA_WASM_PANIC_REGISTRY ??= {
    set_message: (m) => console.error('schema engine panic:', m),
  }

  const adapters = new MigrationPg(connectionString)
  const engine = await bg.SchemaEngine.new(
    { datamodels: files.length ? files.map((f) => [f.path, f.content]) : undefined },
    (line) => process.env.DEBUG_MIGRATE && console.error(line),
    bindMigrationAwareSqlAdapterFactory(adapters),
  )
  const close = async () => {
    engine.free()
    await adapters.close()
  }
  return { engine, close }
}

// @prisma/adapter-pg 7.10 is made for queries, not for migrations; four things must be mended:
//  - system catalogs have columns of type "char" (oid 18), which it refuses
//  - executeScript splits the script at every ';' (breaks functions, DO blocks, string literals) and sends the
//    pieces over different pooled connections; one simple-protocol query runs it whole, in one implicit transaction
//  - connectToShadowDb keeps `connectionString`, which in pg wins over `database`: the "shadow" would be the real database
//  - it never closes the connection that created the shadow database; nor does the engine close the others
class MigrationPg extends PrismaPg {
  constructor(connectionString) {
    const u = new URL(connectionString)
    const config = {
      host: u.hostname,
      port: Number(u.port || 5432),
      database: decodeURIComponent(u.pathname.slice(1)),
      user: decodeURIComponent(u.username),
      password: decodeURIComponent(u.password),
    }
    super(config)
    this.pgConfig = config
    this.opened = []
  }

  async connect() {
    const adapter = mend(await super.connect())
    this.opened.push(adapter)
    return adapter
  }

  async close() {
    await Promise.all(this.opened.splice(0).map((a) => a.dispose()))
  }

  async connectToShadowDb() {
    const database = `prisma_migrate_shadow_db_${crypto.randomUUID()}`
    const main = await super.connect()
    await main.underlyingDriver().query(`CREATE DATABASE "${database}"`)
    const shadow = mend(await new PrismaPg({ ...this.pgConfig, database }).connect())
    const close = shadow.dispose.bind(shadow)
    shadow.dispose = async () => {
      await close()
      await main.underlyingDriver().query(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`)
      await main.dispose()
    }
    return shadow
  }
}

function mend(queryable) {
  const { queryRaw } = queryable
  queryable.queryRaw = async (query) => {
    let chars = []
    const performIO = async (q) => {
      const result = await queryable.performIO(q)
      chars = result.fields.flatMap((f, i) => (f.dataTypeID === 18 ? [i] : []))
      for (const i of chars) result.fields[i].dataTypeID = 25
      return result
    }
    const result = await queryRaw.call(
      Object.create(queryable, { performIO: { value: performIO } }),
      query,
    )
    for (const i of chars) result.columnTypes[i] = ColumnTypeEnum.Character
    return result
  }
  if (queryable.underlyingDriver)
    queryable.executeScript = async (script) => {
      try {
        await queryable.underlyingDriver().query(script)
      } catch (e) {
        queryable.onError(e)
      }
    }
  if (queryable.startTransaction) {
    const start = queryable.startTransaction.bind(queryable)
    queryable.startTransaction = async (level) => mend(await start(level))
  }
  return queryable
}
