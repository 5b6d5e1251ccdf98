/**
 * The demo services as a process of their own: `node --import tsx server/demo/main.ts`.
 *
 * Environment: PORT (default 3900, 0 takes a free one), HOST (default 127.0.0.1), DATABASE_URL, and
 * SAGAWRIGHT_DEMO_SECRET or SAGAWRIGHT_DATA for the webhook secret (secret.ts). Prints one JSON line when it is ready;
 * SIGTERM and SIGINT end it cleanly.
 */
import pg from 'pg'
import { z } from 'zod'
import { demoSecrets } from './secret'
import { startDemoServer } from './server'
import { DEMO_SERVICES } from './services/all'

const PORT_DEFAULT = 3900
/** Connections to PostgreSQL; each operation under way holds one. */
const CONNECTIONS = 20

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})

async function main(): Promise<void> {
  const env = z
    .object({
      PORT: z.coerce.number().int().min(0).max(65_535).default(PORT_DEFAULT),
      HOST: z.string().default('127.0.0.1'),
      DATABASE_URL: z.string({ error: 'Set DATABASE_URL to the PostgreSQL of the demo services' }),
    })
    .parse({
      PORT: process.env.PORT,
      HOST: process.env.HOST,
      DATABASE_URL: process.env.DATABASE_URL,
    })
  const pool = new pg.Pool({ connectionString: env.DATABASE_URL, max: CONNECTIONS })
  // a connection that breaks while nobody uses it: the pool opens another
  pool.on('error', (error) => console.error('A database connection broke:', error.message))

  const server = await startDemoServer({
    pool,
    secrets: demoSecrets(),
    port: env.PORT,
    host: env.HOST,
    onError: (error) => console.error(error),
  })
  let stopping = false
  const stop = async () => {
    if (stopping) return
    stopping = true
    await server.stop()
    await pool.end()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop())
  console.log(
    JSON.stringify({
      ready: true,
      url: server.url,
      pid: process.pid,
      services: DEMO_SERVICES.map((service) => service.name),
    }),
  )
}
