import path from 'node:path'
import { defineConfig } from 'prisma/config'

// The native schema engine is a download; ours is the same engine as WASM, from npm.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= path.resolve('server/launch/schema-engine.mjs')

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: {
    url:
      process.env['DATABASE_URL'] ??
      'postgresql://sagawright:sagawright@127.0.0.1:56432/sagawright',
  },
})
