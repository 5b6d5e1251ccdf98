'use client'

/**
 * The command palette: pages, everything the page at hand offers, sagas to open and runs to find, by typing.
 */
import { Dialog as Base } from '@base-ui/react/dialog'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Command } from 'cmdk'
import { useRouter } from 'next/navigation'
import { type ReactNode, useDeferredValue, useState } from 'react'
import { useTRPC } from '../api'
import { StateIcon } from '../ui/badge'
import { shortId } from '../ui/copyable'
import { Kbd } from '../ui/kbd'
import { SAGA_LOOK, TONE_TEXT } from '../ui/state'
import { currentActions } from './actions'
import { PAGES } from './pages'

export function Palette({
  open,
  onOpenChange,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
}) {
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-50 bg-scrim transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Base.Viewport className="fixed inset-0 z-50 grid items-start justify-items-center p-3 pt-[10vh]">
          <Base.Popup
            aria-label="Command palette"
            className="w-full max-w-xl overflow-hidden rounded-xl border bg-surface-1 shadow-dialog outline-none transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0"
          >
            {open ? <Body onClose={() => onOpenChange(false)} /> : null}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  )
}

function Body({ onClose }: { onClose: () => void }) {
  const trpc = useTRPC()
  const router = useRouter()
  const [query, setQuery] = useState('')
  const text = useDeferredValue(query.trim())
  const [actions] = useState(() => currentActions().filter((action) => !action.keysOnly))
  const runs = useQuery(
    trpc.sagas.list.queryOptions(
      { limit: 6, ...(text ? { text } : {}) },
      { placeholderData: keepPreviousData },
    ),
  )
  const definitions = useQuery(
    trpc.definitions.list.queryOptions(
      { limit: 6, ...(text ? { text } : {}) },
      { placeholderData: keepPreviousData },
    ),
  )
  const go = (href: string) => {
    onClose()
    router.push(href)
  }
  const groups = [...new Set(actions.map((action) => action.group))]
  return (
    <Command label="Command palette" loop>
      <Command.Input
        value={query}
        onValueChange={setQuery}
        placeholder="Go to a page, run a command, find a saga or a run…"
        className="h-12 w-full border-b bg-transparent px-4 text-base outline-none max-md:text-lg"
      />
      <Command.List className="max-h-[min(60vh,26rem)] overflow-y-auto p-1.5">
        <Command.Empty className="px-3 py-8 text-center text-text-2">
          Nothing fits “{query}”.
        </Command.Empty>
        {groups.map((group) => (
          <Group key={group} heading={group}>
            {actions
              .filter((action) => action.group === group)
              .map((action) => (
                <Item
                  key={action.id}
                  value={`${action.title} ${action.id}`}
                  disabled={Boolean(action.disabledReason)}
                  onSelect={() => {
                    onClose()
                    action.run()
                  }}
                  end={action.keys ? <Kbd keys={action.keys} /> : null}
                >
                  {action.title}
                  {action.disabledReason ? (
                    <span className="ml-2 text-text-3 text-xs">{action.disabledReason}</span>
                  ) : null}
                </Item>
              ))}
          </Group>
        ))}
        <Group heading="Pages">
          {PAGES.map((page) => (
            <Item
              key={page.href}
              value={`page ${page.title}`}
              icon={<page.icon size={15} strokeWidth={1.75} aria-hidden />}
              onSelect={() => go(page.href)}
              end={<Kbd keys={`g ${page.key}`} />}
            >
              {page.title}
            </Item>
          ))}
        </Group>
        {definitions.data?.items.length ? (
          <Group heading="Sagas">
            {definitions.data.items.map((item) => (
              <Item
                key={item.name}
                value={`saga ${item.title} ${item.name}`}
                onSelect={() => go(`/sagas/${item.name}`)}
                end={<span className="text-text-3 text-xs">{item.name}</span>}
              >
                {item.title}
              </Item>
            ))}
          </Group>
        ) : null}
        {runs.data?.items.length ? (
          <Group heading={text ? 'Runs' : 'Recent runs'}>
            {runs.data.items.map((run) => {
              const look = SAGA_LOOK[run.status]
              return (
                <Item
                  key={run.sagaId}
                  // The server has filtered already, by more than what is shown.
                  value={`run ${run.name} ${run.sagaId} ${text}`}
                  icon={
                    <span className={TONE_TEXT[look.tone]}>
                      <StateIcon look={look} />
                    </span>
                  }
                  onSelect={() => go(`/runs/${encodeURIComponent(run.sagaId)}`)}
                  end={<span className="font-mono text-text-3 text-xs">{shortId(run.sagaId)}</span>}
                >
                  {run.name}
                  <span className="ml-2 text-text-3 text-xs">{look.word}</span>
                </Item>
              )
            })}
          </Group>
        ) : null}
      </Command.List>
    </Command>
  )
}

function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-text-3 [&_[cmdk-group-heading]]:text-xs"
    >
      {children}
    </Command.Group>
  )
}

function Item({
  value,
  icon,
  end,
  disabled = false,
  onSelect,
  children,
}: {
  value: string
  icon?: ReactNode
  end?: ReactNode
  disabled?: boolean
  onSelect: () => void
  children: ReactNode
}) {
  return (
    <Command.Item
      value={value}
      disabled={disabled}
      onSelect={onSelect}
      className="flex min-h-9 cursor-default select-none items-center gap-2.5 rounded-md px-2.5 text-sm data-[disabled=true]:text-text-3 data-[selected=true]:bg-surface-3 max-md:min-h-11"
    >
      {icon ? <span className="grid w-4 place-items-center text-text-2">{icon}</span> : null}
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {end}
    </Command.Item>
  )
}
