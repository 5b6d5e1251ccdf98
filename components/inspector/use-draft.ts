'use client'

/**
 * A field's own text while somebody types in it. It becomes a change of the document when they pause, leave the field or
 * press Enter; what cannot be taken stays in the field with the reason beside it.
 */
import { useEffect, useRef, useState } from 'react'

const PAUSE_MS = 350

export function useDraft({
  value,
  check,
  commit,
}: {
  /** As the document has it. */
  value: string
  /** Why a text cannot be taken, or null. */
  check?: ((text: string) => string | null) | undefined
  commit: (text: string) => void
}) {
  const [draft, setDraft] = useState<string | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const now = useRef({ draft, value, check, commit })
  now.current = { draft, value, check, commit }

  const take = () => {
    clearTimeout(timer.current)
    const { draft: text, value: before, check: refuse, commit: send } = now.current
    if (text === null || text === before || refuse?.(text)) return
    send(text)
  }
  // leaving the form in the middle of a word must not lose the word
  const last = useRef(take)
  last.current = take
  useEffect(() => () => last.current(), [])

  const text = draft ?? value
  return {
    text,
    error: draft === null ? null : (check?.(draft) ?? null),
    change: (next: string) => {
      setDraft(next)
      clearTimeout(timer.current)
      timer.current = setTimeout(() => last.current(), PAUSE_MS)
    },
    commitNow: take,
    /** On leaving: take it, and show the document's value again unless it was refused. */
    leave: () => {
      take()
      if (!now.current.check?.(now.current.draft ?? '')) setDraft(null)
    },
    forget: () => {
      clearTimeout(timer.current)
      setDraft(null)
    },
  }
}
