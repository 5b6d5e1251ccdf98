import path from 'node:path'
import { defineConfig } from 'prisma/config'
import { databaseUrl } from './server/launch/database.mjs'

// The native schema engine is a download; ours is the same engine as WASM, from npm.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= path.join(
  import.meta.dirname,
  'server/launch/schema-engine.mjs',
)

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // DATABASE_URL, or the embedded one that `npm start` has made; commands that need none get an address of nothing
  datasource: { url: databaseUrl() ?? 'postgresql://127.0.0.1:1/none' },
})
