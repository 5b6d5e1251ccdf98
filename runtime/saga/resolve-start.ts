/**
 * What a start runs: its definition's version and digest are settled before it is decided, so that its entry says exactly
 * what runs. A name that nobody published is refused, and a parent that waits for such a child is told so.
 */
import type { CompiledSaga } from '../compiler/compile'
import { isSagaError } from '../errors'
import type { Message, Verdict } from '../journal/entry'
import type { Envelope } from '../journal/store'
import type { Definitions } from './definitions'

type StartMessage = Extract<Message, { type: 'start' }>

export interface ResolvedStart {
  /** Null when there is none: the start will be refused. */
  saga: CompiledSaga | null
  message: StartMessage
  refusal?: Extract<Verdict, { accepted: false }>
  /** To be posted by the commit that refuses it. */
  posts?: Envelope[]
}

/** Throws UNAVAILABLE while definitions cannot be read. */
export async function resolveStart(
  sagaId: string,
  message: StartMessage,
  definitions: Definitions,
): Promise<ResolvedStart> {
  const { digest, name, version } = message.definition
  try {
    if (digest !== '')
      return { message, saga: definitions.known(digest) ?? (await definitions.byDigest(digest)) }
    const found = await definitions.byName(name, version)
    if (found) return { saga: found.saga, message: { ...message, definition: found.ref } }
  } catch (error) {
    if (!isSagaError(error) || error.code === 'UNAVAILABLE') throw error
    return {
      saga: null,
      message,
      refusal: { accepted: false, code: error.code, reason: error.message },
    }
  }
  const post = refusedChild(
    sagaId,
    message,
    'CHILD_UNKNOWN',
    `No definition ${name}${version ? `@${version}` : ''} is published`,
  )
  return { saga: null, message, posts: post ? [post] : [] }
}

/** Tells the parent that its child will not run; null for a start that no saga made. */
export function refusedChild(
  sagaId: string,
  { parent }: StartMessage,
  code: string,
  why: string,
): Envelope | null {
  if (!parent) return null
  const message: Message = {
    type: 'child',
    step: parent.step,
    sagaId,
    ...(parent.index === undefined ? {} : { index: parent.index }),
    status: 'ROLLED_BACK',
    error: { kind: 'terminal', code, message: why.slice(0, 500) },
  }
  return { id: `child:${sagaId}:0:0`, entityId: parent.sagaId, message }
}
