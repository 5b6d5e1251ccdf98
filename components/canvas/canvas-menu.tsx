'use client'

/** The menu at the pointer: what can be done with the step, the arrow or the place that was right-clicked. */
import { Menu } from '@base-ui/react/menu'
import { MenuItem, MenuSeparator } from '../ui/menu'
import { anchorAt } from './step-picker'

export interface MenuEntry {
  id: string
  title: string
  keys?: string
  danger?: boolean
  disabledReason?: string | null
  run: () => void
}

export interface MenuRequest {
  at: { x: number; y: number }
  /** Groups, separated by lines. */
  groups: MenuEntry[][]
  label: string
}

export function CanvasMenu({
  request,
  onClose,
}: {
  request: MenuRequest | null
  onClose: () => void
}) {
  return (
    <Menu.Root open={request !== null} onOpenChange={(open) => !open && onClose()} modal={false}>
      <Menu.Portal>
        <Menu.Positioner
          anchor={request ? anchorAt(request.at) : null}
          align="start"
          sideOffset={2}
          className="z-50 outline-none"
        >
          <Menu.Popup
            aria-label={request?.label}
            className="min-w-52 rounded-lg border bg-surface-2 p-1 shadow-popover outline-none"
          >
            {request?.groups.map((group, n) => (
              <div key={group[0]?.id ?? n}>
                {n > 0 ? <MenuSeparator /> : null}
                {group.map(({ id, title, keys, danger, disabledReason, run }) => (
                  <MenuItem
                    key={id}
                    {...(keys ? { keys } : {})}
                    danger={danger ?? false}
                    disabledReason={disabledReason}
                    onSelect={run}
                  >
                    {title}
                  </MenuItem>
                ))}
              </div>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  )
}
