/**
 * Is a second start under one id the first one over again, as a caller sends it who did not hear the answer? Then it gets
 * the first answer; else it asks for another saga, which will not run, and its sender must be told.
 *
 * Who asks may differ. So may the version where the caller wanted the newest: it may have been published in between.
 */
import type { Message } from '../journal/entry'
import { canonicalJson } from '../security/digest'

type StartMessage = Extract<Message, { type: 'start' }>

/** Of the saga as it was started: its start message, or its snapshot. */
export type Started = Pick<StartMessage, 'definition' | 'input'> & {
  ventureId?: string | null
  parent?: StartMessage['parent'] | null
}

/** What the second start asks for that the first did not, in words; null when it is the same. */
export function whatDiffers(first: Started, again: StartMessage): string | null {
  const { definition, parent } = first
  if (parent || again.parent) {
    const isSame =
      parent?.sagaId === again.parent?.sagaId &&
      parent?.step === again.parent?.step &&
      parent?.index === again.parent?.index
    if (isSame) return null
    return parent ? `as a child of ${parent.sagaId}` : 'by a caller'
  }
  if (definition.name !== again.definition.name) return `as ${definition.name}`
  if (again.pinned && definition.version !== again.definition.version)
    return `with version ${definition.version}`
  if ((first.ventureId ?? null) !== (again.ventureId ?? null))
    return `for venture ${first.ventureId ?? 'none'}`
  return canonicalJson(first.input ?? null) === canonicalJson(again.input ?? null)
    ? null
    : 'with another input'
}

/** The refusal's words. */
export const startedAlready = (sagaId: string, how: string) =>
  `Saga ${sagaId} has been started already, ${how}; choose another id, or send the same start again`
