/**
 * Runs the seeded sagas on a server in every state that people meet, so that lists, run pages and the approvals inbox
 * have something to show: completed, rolled back, waiting for a decision, for a signal, paused, cancelled.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { createTRPCClient, httpLink } from '@trpc/client'
import type { AppRouter } from '@/server/api/root'
import { wireFormat } from '@/server/api/wire-format'

const SETTLED_MS = 90_000

const launch = (name: string, budget: number) => ({
  definition: 'venture-launch',
  input: { ventureId: name.toLowerCase().replaceAll(' ', '-'), name, budget },
})
const fund = (round: string) => ({
  definition: 'venture-funding',
  input: {
    ventureId: round.toLowerCase().replaceAll(' ', '-'),
    round,
    investors: [
      { id: 'northwind', email: 'deals@northwind.example', amount: 40_000 },
      { id: 'fabrikam', email: 'ventures@fabrikam.example', amount: 25_000 },
      { id: 'contoso', email: 'capital@contoso.example', amount: 60_000 },
    ],
  },
})

/** `cookie` is the session of somebody who may start and steer sagas; resolves when they are where they should be. */
export async function runSomeSagas(origin: string, cookie: string, demoUrl: string): Promise<void> {
  const headers = { cookie, origin }
  const api = createTRPCClient<AppRouter>({
    links: [httpLink({ url: `${origin}/api/trpc`, headers, transformer: wireFormat })],
  })
  const { items: ventures } = await api.ventures.list.query({})
  let count = 0
  const start = async (request: ReturnType<typeof launch> | ReturnType<typeof fund>) => {
    const ventureId = ventures[count++ % Math.max(1, ventures.length)]?.id ?? null
    return api.sagas.start.mutate({ ...request, ventureId })
  }
  const reached = async (sagaId: string, what: string, is: (item: Item) => boolean) => {
    for (const until = Date.now() + SETTLED_MS; Date.now() < until; await delay(250))
      if (is(await api.sagas.get.query({ sagaId }))) return
    throw new Error(`Saga ${sagaId} did not get to: ${what}`)
  }
  type Item = Awaited<ReturnType<typeof api.sagas.get.query>>
  const waits = (sagaId: string) =>
    reached(sagaId, 'the term sheet', ({ current }) => /term sheet/i.test(current ?? ''))

  const completed = await start(launch('Aurora Robotics', 50_000))
  const gates = [
    await start(launch('Solar Roofs Lisbon', 250_000)),
    await start(launch('Harbour Analytics', 400_000)),
  ]
  const [waiting, paused, cancelled] = [
    await start(fund('Aurora Series A')),
    await start(fund('Second Harvest Seed')),
    await start(fund('Quiet Delivery Bridge')),
  ]
  for (const { sagaId } of gates) await reached(sagaId, 'its gate', (item) => item.requiresApproval)
  for (const { sagaId } of [waiting, paused, cancelled]) await waits(sagaId)
  await api.sagas.pause.mutate({ ...paused, reason: 'The lead investor asked for a week' })
  await api.sagas.cancel.mutate({ ...cancelled, reason: 'The founders changed their mind' })
  await reached(completed.sagaId, 'COMPLETED', ({ status }) => status === 'COMPLETED')

  const failing = { compliance: { openCase: { failRate: 1, failKind: 'terminal' } } }
  await switches(demoUrl, { method: 'PUT', body: JSON.stringify(failing) })
  const failed = await start(launch('Night Market', 120_000))
  await reached(failed.sagaId, 'ROLLED_BACK', ({ status }) => status === 'ROLLED_BACK')
  await switches(demoUrl, { method: 'DELETE' })
}

/** The demo services' switches, see server/demo/switches.ts. */
async function switches(demoUrl: string, request: RequestInit): Promise<void> {
  const response = await fetch(`${demoUrl}/switches`, request)
  if (!response.ok) throw new Error(`The switches answered ${response.status}`)
}
