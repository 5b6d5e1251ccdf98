'use client'

/**
 * What can be added: drag it onto the drawing or an arrow, or press it to add it after the selected step. The list is one
 * tab stop; arrow keys walk it.
 */
import { Search } from 'lucide-react'
import { type DragEvent, type KeyboardEvent, useDeferredValue, useState } from 'react'
import type { StepTemplate } from '../canvas/new-step'
import { ADDABLE, STEP_KINDS } from '../canvas/step-kinds'
import type { Catalog } from '../canvas/step-picker'
import { TEMPLATE_MIME } from '../canvas/use-pointer-edits'
import { Input } from '../ui/input'

export function Palette({
  catalog,
  locked,
  onPlace,
}: {
  catalog: Catalog
  locked: string | null
  onPlace: (template: StepTemplate) => void
}) {
  const [query, setQuery] = useState('')
  const [active, setActive] = useState<string | null>(null)
  const wanted = useDeferredValue(query.trim().toLowerCase())
  const fits = (...words: (string | undefined)[]) =>
    wanted === '' || words.some((word) => word?.toLowerCase().includes(wanted))
  const kinds = ADDABLE.filter((type) => {
    const kind = STEP_KINDS[type]
    return fits(kind.label, kind.noun, kind.description)
  })
  const groups = catalog.participants
    .map((one) => ({
      ...one,
      operations: one.operations.filter((operation) =>
        fits(one.name, one.title, operation.name, operation.title),
      ),
    }))
    .filter((one) => one.operations.length > 0)
  const names = [
    ...kinds.map((type): string => type),
    ...groups.flatMap((group) => group.operations.map((one) => `${group.name}.${one.name}`)),
  ]
  const stop = active !== null && names.includes(active) ? active : names[0]
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="p-2">
        <Input
          quiet
          icon={<Search size={14} aria-hidden />}
          aria-label="Search what to add"
          placeholder="Add a step…"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
      </div>
      <div
        role="toolbar"
        aria-orientation="vertical"
        aria-label="What can be added"
        className="min-h-0 flex-1 overflow-y-auto px-2 pb-3"
        onKeyDown={walk}
        onFocus={({ target }) => setActive(target.dataset.entry ?? null)}
      >
        {kinds.length > 0 ? <Heading>Steps</Heading> : null}
        {kinds.map((type) => (
          <Entry
            key={type}
            name={type}
            stop={stop === type}
            template={{ type }}
            title={STEP_KINDS[type].label}
            hint={STEP_KINDS[type].description}
            locked={locked}
            onPlace={onPlace}
          />
        ))}
        {groups.map((group) => (
          <div key={group.name}>
            <Heading>{group.title}</Heading>
            {group.operations.map((operation) => (
              <Entry
                key={operation.name}
                name={`${group.name}.${operation.name}`}
                stop={stop === `${group.name}.${operation.name}`}
                template={{ type: 'action', participant: group.name, operation }}
                title={operation.title ?? operation.name}
                hint={`${group.name}.${operation.name}`}
                locked={locked}
                onPlace={onPlace}
              />
            ))}
          </div>
        ))}
        {kinds.length === 0 && groups.length === 0 ? (
          <p className="px-2 py-6 text-center text-text-2">Nothing fits “{query}”.</p>
        ) : null}
      </div>
    </div>
  )
}

/** Arrow keys, Home and End move the focus along the entries. */
function walk(event: KeyboardEvent<HTMLElement>) {
  const entries = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-entry]')]
  const at = entries.indexOf(document.activeElement as HTMLElement)
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 }[event.key]
  if (to === undefined || at < 0) return
  event.preventDefault()
  entries[Math.min(Math.max(to, 0), entries.length - 1)]?.focus()
}

function Heading({ children }: { children: string }) {
  return <h2 className="truncate px-2 pt-3 pb-1 text-text-3 text-xs">{children}</h2>
}

function Entry({
  name,
  stop,
  template,
  title,
  hint,
  locked,
  onPlace,
}: {
  name: string
  /** The one that Tab reaches. */
  stop: boolean
  template: StepTemplate
  title: string
  hint: string
  locked: string | null
  onPlace: (template: StepTemplate) => void
}) {
  const Icon = STEP_KINDS[template.type].icon
  return (
    <button
      type="button"
      data-entry={name}
      tabIndex={stop ? 0 : -1}
      draggable={locked === null}
      disabled={locked !== null}
      title={locked ?? hint}
      className="flex min-h-8 w-full cursor-grab! items-center gap-2.5 rounded-md px-2 py-1 text-left hover:bg-surface-3 disabled:opacity-50"
      onClick={() => onPlace(template)}
      onDragStart={(event: DragEvent) => {
        event.dataTransfer.setData(TEMPLATE_MIME, JSON.stringify(template))
        event.dataTransfer.effectAllowed = 'copy'
      }}
    >
      <Icon size={15} strokeWidth={1.75} className="shrink-0 text-text-2" aria-hidden />
      <span className="min-w-0 flex-1 truncate text-sm">{title}</span>
    </button>
  )
}
