'use client'

/** Where toasts appear. Used for what happened out of sight, never for what the page already shows. */
import { Toaster as Sonner } from 'sonner'
import { useTheme } from '../shell/theme'

export function Toaster() {
  const { resolved } = useTheme()
  return (
    <Sonner
      theme={resolved}
      position="bottom-right"
      gap={8}
      toastOptions={{
        className: 'font-sans',
        style: {
          background: 'var(--color-surface-2)',
          borderColor: 'var(--color-border)',
          color: 'var(--color-text)',
          fontSize: 'var(--text-sm)',
          borderRadius: 'var(--radius-lg)',
          boxShadow: 'var(--shadow-popover)',
        },
      }}
    />
  )
}
