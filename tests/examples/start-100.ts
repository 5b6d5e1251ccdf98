/**
 * A service that uses Sagawright over tRPC with an API key: starts 100 sagas, follows each live to its end, and shows
 * what bad input comes back as.
 *
 *   npx tsx tests/examples/start-100.ts --url http://127.0.0.1:3000 --key sgw_… --definition NAME --input '{"…": 1}'
 *
 * Exit code 0 when all 100 ended.
 */
import { parseArgs } from 'node:util'
import { apiErrorData, createSagawrightClient, type SagawrightClient } from '@/server/client'

const COUNT = 100
/** Streams open at a time; each is one connection. */
const FOLLOWED_AT_ONCE = 25

export interface Summary {
  /** How many ended in each status. */
  ended: Record<string, number>
  /** Journal entries received, all sagas together. */
  entries: number
  /** What the API said to input that does not fit. */
  refused: { sagaCode: string | null; places: string[] }
}

/** Starts `COUNT` sagas with one input and resolves when each has ended. */
export async function startAndFollow(
  client: SagawrightClient,
  { definition, input }: { definition: string; input: Json },
): Promise<Summary> {
  const answers = await client.sagas.startMany.mutate({
    sagas: Array.from({ length: COUNT }, () => ({ definition, input })),
  })
  const ids = answers.map((answer) => {
    if ('error' in answer) throw new Error(`${answer.error.code}: ${answer.error.message}`)
    return answer.sagaId
  })

  const summary: Summary = { ended: {}, entries: 0, refused: await refusalOf(client, definition) }
  const lane = async () => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      const { status, entries } = await follow(client, id)
      summary.ended[status] = (summary.ended[status] ?? 0) + 1
      summary.entries += entries
    }
  }
  await Promise.all(Array.from({ length: FOLLOWED_AT_ONCE }, lane))
  return summary
}

/** Resolves with the status in which the saga ended. A cut connection is resumed by the client. */
function follow(
  client: SagawrightClient,
  sagaId: string,
): Promise<{ status: string; entries: number }> {
  return new Promise((resolve, reject) => {
    let entries = 0
    const subscription = client.sagas.live.subscribe(
      { sagaId },
      {
        onData({ data: entry }) {
          entries++
          for (const fact of entry.facts)
            if (fact.t === 'saga.ended') {
              subscription.unsubscribe()
              resolve({ status: fact.status, entries })
            }
        },
        onError: reject,
      },
    )
  })
}

/** Errors are typed: `data.issues` has a path and a sentence for everything that does not fit. */
async function refusalOf(
  client: SagawrightClient,
  definition: string,
): Promise<Summary['refused']> {
  try {
    await client.sagas.start.mutate({ definition, input: { nonsense: true } })
    return { sagaCode: null, places: [] }
  } catch (error) {
    const data = apiErrorData(error)
    if (!data) throw error
    const places = data.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    return { sagaCode: data.sagaCode, places }
  }
}

type Json = Parameters<SagawrightClient['sagas']['start']['mutate']>[0]['input']

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string', default: process.env.SAGAWRIGHT_URL ?? 'http://127.0.0.1:3000' },
      key: { type: 'string', default: process.env.SAGAWRIGHT_API_KEY ?? '' },
      definition: { type: 'string', default: 'venture-launch' },
      input: { type: 'string', default: '{}' },
    },
  })
  if (!values.key) throw new Error('Give an API key: --key sgw_…, made on the page “Keys”')
  const client = createSagawrightClient({ url: values.url, apiKey: values.key })
  const startedAt = performance.now()
  const { ended, entries, refused } = await startAndFollow(client, {
    definition: values.definition,
    input: JSON.parse(values.input),
  })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`${COUNT} sagas ended after ${seconds} s and ${entries} journal entries:`)
  console.table(ended)
  console.log(`Bad input is refused with ${refused.sagaCode}:`)
  for (const place of refused.places) console.log(`  ${place}`)
}

if (process.argv[1]?.endsWith('start-100.ts'))
  main().catch((error) => {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  })
