'use client'

/** Whether the server has the newest text, in words. */
import { Check, CloudOff, GitMerge, TriangleAlert } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { Spinner } from '../ui/spinner'
import type { DraftSaver } from './draft-saver'

export function useSaverState(saver: DraftSaver) {
  return useSyncExternalStore(saver.subscribe, saver.getState, saver.getState)
}

export function SaveState({ saver, onResolve }: { saver: DraftSaver; onResolve: () => void }) {
  const state = useSaverState(saver)
  switch (state.status) {
    case 'saved':
      return (
        <Line icon={<Check size={13} aria-hidden />} tone="text-text-3">
          Saved
        </Line>
      )
    case 'dirty':
    case 'saving':
      return (
        <Line icon={<Spinner />} tone="text-text-3">
          Saving…
        </Line>
      )
    case 'offline':
      return (
        <Line icon={<CloudOff size={13} aria-hidden />} tone="text-state-compensating">
          Offline, kept in this browser
        </Line>
      )
    case 'refused':
      return (
        <Line icon={<TriangleAlert size={13} aria-hidden />} tone="text-state-failed">
          <span title={state.message}>Not saved: {state.message}</span>
        </Line>
      )
    case 'conflict':
      return (
        <button
          type="button"
          onClick={onResolve}
          className="inline-flex h-6 items-center gap-1.5 rounded-sm bg-state-compensating/12 px-2 font-medium text-state-compensating text-xs"
        >
          <GitMerge size={13} aria-hidden />
          Changed elsewhere: merge
        </button>
      )
    default:
      return state satisfies never
  }
}

function Line({
  icon,
  tone,
  children,
}: {
  icon: React.ReactNode
  tone: string
  children: React.ReactNode
}) {
  return (
    <output
      aria-live="polite"
      data-testid="save-state"
      className={`flex min-w-0 max-w-72 items-center gap-1.5 truncate text-xs ${tone}`}
    >
      {icon}
      <span className="truncate max-md:sr-only">{children}</span>
    </output>
  )
}
