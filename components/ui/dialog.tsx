'use client'

/** A modal window. Escape and the close button leave it; on a phone it sits at the bottom of the screen. */
import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { cn } from './cn'

export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  children,
  footer,
  wide = false,
  dismissable = true,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: ReactNode
  description?: ReactNode
  children?: ReactNode
  footer?: ReactNode
  wide?: boolean
  /** False while losing the content would lose something that cannot be shown again. */
  dismissable?: boolean
}) {
  return (
    <Base.Root open={open} onOpenChange={onOpenChange} disablePointerDismissal={!dismissable}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-scrim transition-opacity duration-200 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Base.Viewport className="fixed inset-0 z-40 grid items-end justify-items-center overflow-y-auto md:items-start md:p-6 md:pt-[12vh]">
          <Base.Popup
            className={cn(
              'relative flex max-h-[88dvh] w-full flex-col rounded-t-xl border bg-surface-1 shadow-dialog outline-none transition-[opacity,transform] duration-200 ease-in-soft data-ending-style:translate-y-2 data-starting-style:translate-y-2 data-ending-style:opacity-0 data-starting-style:opacity-0 md:max-h-[76vh] md:rounded-xl',
              wide ? 'md:max-w-3xl' : 'md:max-w-lg',
            )}
          >
            <header className="flex items-start gap-4 px-5 pt-4 pr-14 pb-3">
              <div className="min-w-0 flex-1">
                <Base.Title className="font-semibold text-lg">{title}</Base.Title>
                {description ? (
                  <Base.Description className="mt-1 text-base text-text-2">
                    {description}
                  </Base.Description>
                ) : null}
              </div>
            </header>
            {children ? (
              <div className="min-h-0 flex-1 overflow-y-auto px-5 pt-1 pb-5">{children}</div>
            ) : null}
            {footer ? (
              <footer className="flex flex-wrap items-center justify-end gap-2 border-t px-5 py-3">
                {footer}
              </footer>
            ) : null}
            {/* Last, so that the dialog opens with its first field focused. */}
            <Base.Close
              aria-label="Close"
              className="absolute top-3 right-3 inline-flex size-8 items-center justify-center rounded-md text-text-2 hover:bg-surface-3 hover:text-text"
            >
              <X size={16} aria-hidden />
            </Base.Close>
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  )
}
