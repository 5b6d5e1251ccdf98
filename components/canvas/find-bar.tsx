'use client'

/** Find in canvas: by name, type and every value in a step. What does not match is dimmed, nothing moves. */
import { ChevronDown, ChevronUp, X } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { IconButton } from '../ui/icon-button'
import { Input } from '../ui/input'
import { findSteps } from './find-steps'
import type { FocusStore } from './focus-store'
import type { StepIndex } from './step-index'

export function FindBar({
  index,
  focus,
  onShow,
  onClose,
}: {
  index: StepIndex
  focus: FocusStore
  onShow: (step: string) => void
  onClose: () => void
}) {
  const [query, setQuery] = useState('')
  const [at, setAt] = useState(0)
  const found = useMemo(() => findSteps(index, query), [index, query])
  useEffect(() => {
    focus.search(query.trim() === '' ? null : new Set(found))
    return () => focus.search(null)
  }, [focus, query, found])
  const go = (step: number) => {
    if (found.length === 0) return
    const next = (step + found.length) % found.length
    setAt(next)
    onShow(found[next] ?? '')
  }
  const status = query.trim() === '' ? '' : `${found.length === 0 ? 0 : at + 1} of ${found.length}`
  return (
    <search className="absolute top-3 right-3 z-10 flex items-center gap-1 rounded-lg border bg-surface-2 p-1.5 shadow-popover">
      <Input
        autoFocus
        quiet
        aria-label="Find in the drawing"
        placeholder="Find steps: name, type:wait, missing:timeout"
        className="w-64 max-w-[50vw]"
        value={query}
        onChange={(event) => {
          setQuery(event.target.value)
          setAt(0)
          const first = findSteps(index, event.target.value)[0]
          if (event.target.value.trim() !== '' && first) onShow(first)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            event.stopPropagation()
            onClose()
          }
          if (event.key === 'Enter' || event.key === 'F3') {
            event.preventDefault()
            go(event.shiftKey ? at - 1 : at + 1)
          }
        }}
      />
      <output className="w-16 text-center text-text-2 text-xs tabular-nums">{status}</output>
      <IconButton
        size="sm"
        label="Previous"
        icon={<ChevronUp size={15} />}
        onClick={() => go(at - 1)}
      />
      <IconButton
        size="sm"
        label="Next"
        icon={<ChevronDown size={15} />}
        onClick={() => go(at + 1)}
      />
      <IconButton size="sm" label="Close the search" icon={<X size={15} />} onClick={onClose} />
    </search>
  )
}
