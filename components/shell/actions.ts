'use client'

/**
 * The registry of everything that can be done on the page at hand. The palette lists it, the shortcut sheet explains
 * it, and one key listener runs it, so that a shortcut exists exactly where its action does.
 *
 * 1. Keys never fire while somebody types, nor inside a dialog or menu, unless the action says `everywhere`.
 * 2. A disabled action stays listed and says why.
 * 3. What `claims` its keys gets them wherever it stands; nothing else on the page shows or hears them meanwhile.
 * 4. Keys are written `mod+k`, `g r` (one after the other) or `?`; `mod` is Ctrl, or Command on Apple machines.
 */
import { useEffect, useRef } from 'react'
import { isApple } from '../ui/platform'

export interface Action {
  /** Stable and unique, e.g. `run.pause`. */
  id: string
  title: string
  /** Heading in palette and sheet, e.g. `This run`. */
  group: string
  keys?: string
  disabledReason?: string | null | undefined
  /** Runs even while somebody types. */
  everywhere?: boolean
  /** Explained in the sheet, but not offered in the palette: moving a selection, for instance. */
  keysOnly?: boolean
  /** Nothing else on the page has these keys now: a decision's numbers are not those of the drawing beside it. */
  claims?: boolean
  run: () => void
}

const sources = new Set<{ current: readonly Action[] }>()

/** Offers actions while the component is mounted. Give it a new list on every render; that costs nothing. */
export function useActions(actions: readonly Action[]): void {
  const source = useRef(actions)
  useEffect(() => {
    source.current = actions
  })
  useEffect(() => {
    sources.add(source)
    return () => {
      sources.delete(source)
    }
  }, [])
}

/** All actions on offer, of the component that was mounted last first; without the keys that another claims. */
export function currentActions(): Action[] {
  const all = [...sources].reverse().flatMap((source) => [...source.current])
  const claimed = new Set(all.flatMap(({ claims, keys }) => (claims && keys ? [keys] : [])))
  return all.map((action) => {
    const { keys, ...keyless } = action
    return keys && !action.claims && claimed.has(keys) ? keyless : action
  })
}

/** Mount once: turns key presses into actions. */
export function useActionKeys(): void {
  useEffect(() => {
    let before: { key: string; at: number } | null = null
    function onKeyDown(event: KeyboardEvent) {
      if (event.defaultPrevented || event.isComposing) return
      const key = pressed(event)
      if (key === null) return
      const busy = isTaken(event.target)
      const sequence = before && event.timeStamp - before.at < 1000 ? `${before.key} ${key}` : null
      before = busy ? null : { key, at: event.timeStamp }
      const actions = currentActions().filter(
        (action) => action.keys && (!busy || action.everywhere),
      )
      const action =
        actions.find((candidate) => candidate.keys === sequence) ??
        actions.find((candidate) => candidate.keys === key)
      if (!action) return
      event.preventDefault()
      before = null
      if (!action.disabledReason) action.run()
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [])
}

/** A key press in the registry's spelling; null for a modifier alone. */
export function pressed(event: {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  shiftKey: boolean
}): string | null {
  if (['Control', 'Meta', 'Alt', 'Shift', 'Dead', 'Process'].includes(event.key)) return null
  const mod = isApple() ? event.metaKey : event.ctrlKey
  const printable = event.key.length === 1 && event.key !== ' '
  const letter = printable && event.key.toLowerCase() !== event.key.toUpperCase()
  return [
    mod ? 'mod+' : '',
    event.altKey ? 'alt+' : '',
    // The shift of `?` is part of the character; that of a letter or a named key is not.
    event.shiftKey && (letter || !printable) ? 'shift+' : '',
    event.key === ' ' ? 'space' : event.key.toLowerCase(),
  ].join('')
}

function isTaken(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest(
      'input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true], [role=textbox], [role=dialog], [role=menu], [role=listbox], .monaco-editor',
    ) !== null
  )
}
