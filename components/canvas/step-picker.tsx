'use client'

/** The list of steps that may be put at a spot, opened at the pointer or at a step, operable by keyboard alone. */
import { Popover } from '@base-ui/react/popover'
import { Command } from 'cmdk'
import type { Spot } from './canvas-commands'
import type { OperationTemplate, StepTemplate } from './new-step'
import { ADDABLE, STEP_KINDS } from './step-kinds'

/** What can be called, as the palette, the picker and the inspector offer it. */
export interface Catalog {
  participants: {
    name: string
    title: string
    operations: (OperationTemplate & { output?: Record<string, unknown> | undefined })[]
  }[]
  sagas: { name: string; title: string }[]
}

export interface PickerRequest {
  title: string
  spot: Spot
  /** Where it opens, in client pixels. */
  anchor: { x: number; y: number; width?: number; height?: number }
  /** Set: the chosen kind replaces this step. */
  replaces?: string
}

export function StepPicker({
  request,
  catalog,
  refusal,
  onPick,
  onClose,
}: {
  request: PickerRequest | null
  catalog: Catalog
  /** Why a kind may not go there, or null. */
  refusal: (template: StepTemplate) => string | null
  onPick: (template: StepTemplate) => void
  onClose: () => void
}) {
  return (
    <Popover.Root open={request !== null} onOpenChange={(open) => !open && onClose()}>
      <Popover.Portal>
        <Popover.Positioner
          anchor={request ? anchorAt(request.anchor) : null}
          side="right"
          align="start"
          sideOffset={8}
          collisionPadding={8}
          className="z-50 outline-none"
        >
          <Popover.Popup
            // who opened it knows where the keyboard goes: to the step that was added, or back
            finalFocus={false}
            aria-label={request?.title ?? 'Add a step'}
            className="w-80 overflow-hidden rounded-lg border bg-surface-2 shadow-popover outline-none transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0"
          >
            {request ? (
              <Command label={request.title} loop>
                <Command.Input
                  autoFocus
                  placeholder={`${request.title}…`}
                  className="h-10 w-full border-b bg-transparent px-3 text-sm outline-none max-md:text-lg"
                />
                <Command.List className="max-h-80 overflow-y-auto p-1">
                  <Command.Empty className="px-3 py-6 text-center text-text-2">
                    No such step.
                  </Command.Empty>
                  <Command.Group heading="Steps" className={GROUP}>
                    {ADDABLE.map((type) => {
                      const kind = STEP_KINDS[type]
                      const template = { type }
                      return (
                        <Item
                          key={type}
                          value={`${kind.label} ${kind.noun}`}
                          type={type}
                          title={kind.label}
                          detail={refusal(template) ?? kind.description}
                          disabled={refusal(template) !== null}
                          onSelect={() => onPick(template)}
                        />
                      )
                    })}
                  </Command.Group>
                  {catalog.participants.map((participant) => (
                    <Command.Group
                      key={participant.name}
                      heading={participant.title}
                      className={GROUP}
                    >
                      {participant.operations.map((operation) => {
                        const template: StepTemplate = {
                          type: 'action',
                          participant: participant.name,
                          operation,
                        }
                        return (
                          <Item
                            key={operation.name}
                            value={`${participant.name}.${operation.name} ${operation.title ?? ''}`}
                            type="action"
                            title={operation.title ?? operation.name}
                            detail={`${participant.name}.${operation.name}`}
                            onSelect={() => onPick(template)}
                          />
                        )
                      })}
                    </Command.Group>
                  ))}
                  {catalog.sagas.length > 0 ? (
                    <Command.Group heading="Child sagas" className={GROUP}>
                      {catalog.sagas.map((saga) => (
                        <Item
                          key={saga.name}
                          value={`saga ${saga.name} ${saga.title}`}
                          type="saga"
                          title={saga.title}
                          detail={saga.name}
                          onSelect={() => onPick({ type: 'saga', saga: saga.name })}
                        />
                      ))}
                    </Command.Group>
                  ) : null}
                </Command.List>
              </Command>
            ) : null}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}

const GROUP =
  '[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-text-3 [&_[cmdk-group-heading]]:text-xs'

function Item({
  value,
  type,
  title,
  detail,
  disabled = false,
  onSelect,
}: {
  value: string
  type: keyof typeof STEP_KINDS
  title: string
  detail: string
  disabled?: boolean
  onSelect: () => void
}) {
  const Icon = STEP_KINDS[type].icon
  return (
    <Command.Item
      value={value}
      disabled={disabled}
      onSelect={onSelect}
      className="flex min-h-10 cursor-default select-none items-center gap-2.5 rounded-md px-2 py-1 text-sm data-[disabled=true]:opacity-60 data-[selected=true]:bg-surface-3 max-md:min-h-11"
    >
      <Icon size={15} strokeWidth={1.75} className="shrink-0 text-text-2" aria-hidden />
      <span className="min-w-0 flex-1">
        <span className="block truncate">{title}</span>
        <span className="block truncate text-text-3 text-xs">{detail}</span>
      </span>
    </Command.Item>
  )
}

/** A place as the positioner wants it. */
export function anchorAt({
  x,
  y,
  width = 0,
  height = 0,
}: {
  x: number
  y: number
  width?: number
  height?: number
}) {
  return { getBoundingClientRect: () => new DOMRect(x, y, width, height) }
}
