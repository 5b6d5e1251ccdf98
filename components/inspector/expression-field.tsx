'use client'

/** One expression: a field in code type with completion of what can be read at this place, checked while typing. */
import { type KeyboardEvent, useId, useRef, useState } from 'react'
import { parseExpression } from '@/runtime/expression/expression'
import { parseTemplate } from '@/runtime/expression/mapping'
import { cn } from '../ui/cn'
import { CONTROL } from '../ui/input'
import { useEdit } from './edit-context'
import {
  type Completion,
  completionsFor,
  type ExpressionPlace,
  wordBefore,
} from './expression-completions'
import { useDraft } from './use-draft'

export function ExpressionField({
  label,
  value,
  onChange,
  place,
  template = false,
  placeholder,
  required = false,
  invalid = false,
}: {
  /** Accessible name; the visible label is the caller's. */
  label: string
  value: string
  onChange: (value: string) => void
  place: ExpressionPlace
  /** Text with expressions in braces. */
  template?: boolean
  placeholder?: string
  required?: boolean
  invalid?: boolean
}) {
  const { index, catalog, store, locked } = useEdit()
  const listId = useId()
  const field = useRef<HTMLTextAreaElement>(null)
  const [offers, setOffers] = useState<Completion[]>([])
  const [active, setActive] = useState(0)
  const check = (text: string) => {
    if (text.trim() === '') return required ? 'Give an expression' : null
    const parsed = template ? parseTemplate(text) : parseExpression(text)
    return parsed.ok ? null : `${parsed.message} (at ${parsed.position + 1})`
  }
  const draft = useDraft({ value, check, commit: onChange })

  const look = (text: string, cursor: number, always: boolean) => {
    const { document } = store.getState()
    const open = template
      ? text.lastIndexOf('{', cursor - 1) > text.lastIndexOf('}', cursor - 1)
      : true
    const word = wordBefore(text, cursor)
    if (!document || !open || (word === '' && !always)) return setOffers([])
    setOffers(completionsFor(word, place, { document, index, catalog }))
    setActive(0)
  }
  const accept = (offer: Completion) => {
    const cursor = field.current?.selectionStart ?? draft.text.length
    const word = wordBefore(draft.text, cursor)
    const start = cursor - word.length
    const text = draft.text.slice(0, start) + offer.text + draft.text.slice(cursor)
    draft.change(text)
    setOffers([])
    const at = start + offer.text.length
    requestAnimationFrame(() => field.current?.setSelectionRange(at, at))
  }
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault()
      look(draft.text, event.currentTarget.selectionStart, true)
      return
    }
    if (offers.length === 0) {
      if (event.key === 'Enter' && !event.shiftKey) {
        event.preventDefault()
        draft.commitNow()
      }
      return
    }
    const offer = offers[active]
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      const step = event.key === 'ArrowDown' ? 1 : offers.length - 1
      setActive((active + step) % offers.length)
    } else if ((event.key === 'Enter' || event.key === 'Tab') && offer) {
      event.preventDefault()
      accept(offer)
    } else if (event.key === 'Escape') {
      event.stopPropagation()
      setOffers([])
    }
  }
  const wrong = draft.error !== null || invalid
  return (
    <div className="relative min-w-0 flex-1">
      <textarea
        ref={field}
        role="combobox"
        aria-expanded={offers.length > 0}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={offers.length > 0 ? `${listId}-${active}` : undefined}
        aria-label={label}
        aria-invalid={wrong || undefined}
        rows={1}
        spellCheck={false}
        disabled={locked !== null}
        value={draft.text}
        placeholder={placeholder ?? 'input.…'}
        className={cn(
          CONTROL,
          'field-sizing-content max-h-40 min-h-8 resize-none px-2.5 py-1.5 font-mono text-sm max-md:text-lg',
          wrong ? 'border-state-failed' : 'border-border-control',
        )}
        onChange={(event) => {
          draft.change(event.target.value)
          look(event.target.value, event.target.selectionStart, false)
        }}
        onKeyDown={onKeyDown}
        onBlur={() => {
          setOffers([])
          draft.leave()
        }}
      />
      {draft.error ? (
        <p role="alert" className="mt-1 text-state-failed text-xs">
          {draft.error}
        </p>
      ) : null}
      {offers.length > 0 ? (
        <div
          id={listId}
          role="listbox"
          aria-label="Completions"
          className="absolute inset-x-0 top-full z-20 mt-1 max-h-56 overflow-y-auto rounded-lg border bg-surface-2 p-1 shadow-popover"
        >
          {offers.map((offer, n) => (
            <div
              key={offer.text}
              id={`${listId}-${n}`}
              role="option"
              tabIndex={-1}
              aria-selected={n === active}
              className={cn(
                'flex min-h-7 items-center gap-3 rounded-md px-2 text-xs',
                n === active && 'bg-surface-3',
              )}
              onPointerDown={(event) => {
                event.preventDefault()
                accept(offer)
              }}
            >
              <code className="shrink-0 font-mono">{offer.text}</code>
              <span className="ml-auto truncate text-text-3">{offer.detail}</span>
            </div>
          ))}
        </div>
      ) : null}
    </div>
  )
}
