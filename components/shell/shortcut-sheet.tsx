'use client'

/** Every shortcut that works on this page, from the registry. */
import { Dialog } from '../ui/dialog'
import { Kbd } from '../ui/kbd'
import { type Action, currentActions } from './actions'

export function ShortcutSheet({
  open,
  onOpenChange,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
}) {
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Shortcuts"
      description="What works on this page. Shortcuts rest while you type."
      wide
    >
      {open ? <Groups /> : null}
    </Dialog>
  )
}

function Groups() {
  const groups = new Map<string, Action[]>()
  for (const action of currentActions()) {
    if (!action.keys) continue
    groups.set(action.group, [...(groups.get(action.group) ?? []), action])
  }
  return (
    <div className="columns-1 gap-8 md:columns-2">
      {[...groups].map(([group, actions]) => (
        <section key={group} className="mb-5 break-inside-avoid">
          <h3 className="mb-1 font-medium text-text-3 text-xs">{group}</h3>
          <dl>
            {actions.map((action) => (
              <div key={action.id} className="flex h-8 items-center justify-between gap-4 border-b">
                <dt className="truncate">{action.title}</dt>
                <dd>
                  <Kbd keys={action.keys ?? ''} />
                  <span className="sr-only">{action.keys}</span>
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  )
}
