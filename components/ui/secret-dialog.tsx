'use client'

/** Shows a secret that cannot be shown again. It closes only by its button, after the secret could be copied. */
import type { ReactNode } from 'react'
import { Button } from './button'
import { Copyable } from './copyable'
import { Dialog } from './dialog'

export function SecretDialog({
  title,
  value,
  children,
  onClose,
}: {
  title: string
  value: string
  children: ReactNode
  onClose: () => void
}) {
  return (
    <Dialog
      open
      dismissable={false}
      onOpenChange={(open) => !open && onClose()}
      title={title}
      description="It is shown once. Copy it now; afterwards it can only be replaced."
      footer={
        <Button variant="primary" onClick={onClose}>
          I have copied it
        </Button>
      }
    >
      <div className="flex flex-col gap-3 text-base text-text-2">
        <div className="rounded-md border bg-canvas px-3 py-2.5">
          <Copyable
            value={value}
            shown={value}
            what="secret"
            className="break-all text-left text-sm text-text"
          />
        </div>
        <p>{children}</p>
      </div>
    </Dialog>
  )
}
