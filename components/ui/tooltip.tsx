'use client'

/**
 * A short text beside an element on hover and focus. `DisabledReason` is the one way to say why a control is disabled.
 */
import { Tooltip as Base } from '@base-ui/react/tooltip'
import type { ReactElement, ReactNode } from 'react'
import { Kbd } from './kbd'

export function TooltipProvider({ children }: { children: ReactNode }) {
  return (
    <Base.Provider delay={400} closeDelay={0}>
      {children}
    </Base.Provider>
  )
}

/** Wraps one focusable element. The text is a description; the element still needs its own accessible name. */
export function Tooltip({
  text,
  keys,
  side = 'bottom',
  children,
}: {
  text: ReactNode
  keys?: string | undefined
  side?: 'top' | 'bottom' | 'left' | 'right'
  children: ReactElement
}) {
  if (!text) return children
  return (
    <Base.Root>
      <Base.Trigger render={children} />
      <Base.Portal>
        <Base.Positioner side={side} sideOffset={6} className="z-50">
          <Base.Popup
            role="tooltip"
            className="flex max-w-72 items-center gap-2 rounded-md border bg-surface-2 px-2 py-1 text-text text-xs shadow-popover transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0"
          >
            {text}
            {keys ? <Kbd keys={keys} /> : null}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
