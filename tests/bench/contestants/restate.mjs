/**
 * Restate: its server from npm, with one service of 5 `ctx.run` steps (restate.service, restate.serve) and its client, as the
 * README and the quickstart write them. Server settings: one node, all roles, data on the same disk as PostgreSQL, write-ahead
 * log synced (the default), 24 partitions (the default; on two cores 8 is
 * no faster, 4 and 2 are slower).
 * The SDK uses Promise.withResolvers, which Node has from version 22; older ones get it here.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { contest, inputOf, measureSagas, outputOf, Witness } from './contestant.mjs'

Promise.withResolvers ??= () => {
  const made = {}
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }))
  return made
}

await contest(async (task) => {
  const require = createRequire(`${task.peers}/package.json`)
  const restate = require('@restatedev/restate-sdk')
  const clients = require('@restatedev/restate-sdk-clients')
  const witness = new Witness(task.steps)
  const [node, ingress, admin, service] = [0, 1, 2, 3].map((n) => task.port + n)
  const server = await startServer(task, { node, ingress, admin })
  try {
    const bench = restate.service({
      name: 'bench',
      handlers: {
        run: async (ctx, input) => {
          let previous
          for (let n = 0; n < task.steps; n++) {
            const step = { ...input, previous: previous?.reference }
            previous = await ctx.run(`step${n}`, () => {
              witness.step(step.order, n)
              return outputOf(step.order, n)
            })
          }
          return previous
        },
      },
    })
    await restate.serve({ services: [bench], port: service, logger: () => {} })
    const registered = await fetch(`http://127.0.0.1:${admin}/deployments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uri: `http://127.0.0.1:${service}`, force: true }),
    })
    if (!registered.ok) throw new Error(`Restate refused the service: ${await registered.text()}`)
    const client = clients
      .connect({ url: `http://127.0.0.1:${ingress}` })
      .serviceClient({ name: 'bench' })
    // A call is answered when the invocation has completed in the server's log: the client's answer is the database's word.
    return await measureSagas(
      task,
      witness,
      async (id) => {
        await client.run(inputOf(id))
      },
      async () => {},
    )
  } finally {
    server.kill('SIGTERM')
    await once(server, 'exit')
  }
})

async function startServer(task, ports) {
  const data = path.join(task.folder, 'restate')
  rmSync(data, { recursive: true, force: true })
  mkdirSync(data, { recursive: true })
  const binary = path.join(
    task.peers,
    `node_modules/@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`,
  )
  const server = spawn(binary, ['--no-logo', '--listen-mode', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore'],
    env: {
      ...process.env,
      RESTATE_BASE_DIR: data,
      RESTATE_NODE_NAME: 'bench',
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_BIND_PORT: String(ports.node),
      RESTATE_INGRESS__BIND_PORT: String(ports.ingress),
      RESTATE_ADMIN__BIND_PORT: String(ports.admin),
      RESTATE_DEFAULT_NUM_PARTITIONS: String(24),
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LOG_FILTER: 'error',
      DO_NOT_TRACK: '1',
    },
  })
  process.once('exit', () => server.kill('SIGKILL'))
  for (let n = 0; n < 300; n++) {
    const healthy = await Promise.all(
      [
        `http://127.0.0.1:${ports.admin}/health`,
        `http://127.0.0.1:${ports.ingress}/restate/health`,
      ].map((url) =>
        fetch(url)
          .then((response) => response.ok)
          .catch(() => false),
      ),
    )
    if (healthy.every(Boolean)) return server
    if (server.exitCode !== null) throw new Error(`restate-server ended with ${server.exitCode}`)
    await sleep(100)
  }
  throw new Error('restate-server did not become healthy')
}
