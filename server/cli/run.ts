/**
 * `sagawright run`: publishes a file and starts it, here or on a server, and follows it to its end.
 */
import { readFileSync } from 'node:fs'
import { hasErrors } from '@/runtime/definition/issue'
import type { Entry, SagaStatus } from '@/runtime/journal/entry'
import { entryLines } from './facts-in-words'
import { output } from './output'
import { readSourceFile } from './source-file'
import { printIssues } from './verify'

/** Where sagas run: this machine's database (local-place.ts), or a server (remote-place.ts). */
export interface Place {
  /** Publishes the text unless the newest version is the same. */
  publish(name: string, source: string): Promise<{ version: number; unchanged: boolean }>
  start(request: { definition: string; input: unknown; id?: string }): Promise<{ sagaId: string }>
  /** Entries after `seq` as they are committed, until the signal aborts. */
  follow(sagaId: string, signal: AbortSignal): AsyncIterable<Entry>
  /** True when nobody else runs sagas there: one that is not followed stands still until somebody does. */
  unattended(): boolean
  close(): Promise<void>
}

export interface RunRequest {
  file: string
  input: string | undefined
  follow: boolean
  id: string | undefined
  url: string | undefined
  key: string | undefined
}

const EXIT: Partial<Record<SagaStatus, number>> = {
  COMPLETED: 0,
  ROLLED_BACK: 10,
  FAILED: 11,
  QUARANTINED: 12,
}
const INTERRUPTED = 130

/** Resolves to the exit code; see main.ts. */
export async function runSaga(request: RunRequest): Promise<number> {
  const file = readSourceFile(request.file)
  if (!file.document || hasErrors(file.issues)) {
    printIssues(file)
    return 1
  }
  const input = readInput(request.input)
  const place = await openPlace(request)
  try {
    const { name } = file.document
    const { version, unchanged } = await place.publish(name, file.text)
    output.error(`${name} version ${version}${unchanged ? '' : ', published now'}`)
    const { sagaId } = await place.start({
      definition: name,
      input,
      ...(request.id === undefined ? {} : { id: request.id }),
    })
    output.print(sagaId)
    if (request.follow) return await follow(place, sagaId)
    if (place.unattended())
      output.error(
        'No server runs on this database; the saga goes on with npm start or npm run worker.',
      )
    return 0
  } finally {
    await place.close()
  }
}

async function openPlace({ url, key }: RunRequest): Promise<Place> {
  if (url === undefined) {
    const { openLocalPlace } = await import('./local-place')
    return openLocalPlace()
  }
  if (!key)
    throw new Error(
      'A server wants an API key: --key, or SAGAWRIGHT_API_KEY. People with the right make keys on the page "Who and keys".',
    )
  const { openRemotePlace } = await import('./remote-place')
  return openRemotePlace(url, key)
}

/** Prints what happens until the saga ends, needs an owner, or the reader has seen enough (Ctrl-C). */
async function follow(place: Place, sagaId: string): Promise<number> {
  const leaving = new AbortController()
  const leave = () => leaving.abort()
  process.once('SIGINT', leave).once('SIGTERM', leave)
  try {
    for await (const entry of place.follow(sagaId, leaving.signal)) {
      for (const line of entryLines(entry)) output.print(line)
      for (const fact of entry.facts) {
        if (fact.t !== 'saga.ended' && fact.t !== 'saga.status') continue
        const code = EXIT[fact.status]
        if (code !== undefined) return code
      }
    }
  } catch (error) {
    if (!leaving.signal.aborted) throw error
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave)
  }
  output.error(
    place.unattended()
      ? `Saga ${sagaId} stands still until npm start or npm run worker runs.`
      : `Not followed any longer; saga ${sagaId} goes on.`,
  )
  return INTERRUPTED
}

function readInput(given: string | undefined): unknown {
  if (given === undefined) return {}
  const text = given.startsWith('@') ? readFileSync(given.slice(1), 'utf8') : given
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`--input is not JSON: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
}
