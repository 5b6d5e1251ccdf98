'use client'

/** What a step touches outside, so that the verifier can say which branches get in each other's way. */
import { Plus, Trash2 } from 'lucide-react'
import type { ActionStep } from '@/runtime/definition/schema'
import type { IndexedStep } from '../canvas/step-index'
import { Button } from '../ui/button'
import { IconButton } from '../ui/icon-button'
import { Select } from '../ui/select'
import { useStepEdit } from './edit-context'
import { ExpressionField } from './expression-field'
import { Labelled } from './fields'

const ACCESS = [
  { value: 'read', label: 'reads' },
  { value: 'write', label: 'writes' },
] as const

export function ResourcesEditor({
  found,
  value,
}: {
  found: IndexedStep
  value: NonNullable<ActionStep['resources']>
}) {
  const { set, locked } = useStepEdit(found)
  const put = (next: typeof value) =>
    set(['resources'], next.length === 0 ? undefined : next, 'Change the resources')
  return (
    <Labelled label="Resources" optional error={null} hint="e.g. budget/{input.ventureId}">
      <ul className="flex flex-col gap-2">
        {value.map((resource, n) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: resources have no identity but their place
          <li key={n} className="flex items-start gap-1.5">
            <ExpressionField
              label={`Resource ${n + 1}`}
              template
              required
              value={resource.key}
              place={{ step: found.id }}
              placeholder="budget/{input.ventureId}"
              onChange={(key) => set(['resources', n, 'key'], key, 'Change the resources')}
            />
            <Select
              label={`Access to resource ${n + 1}`}
              className="w-24 shrink-0"
              value={resource.access}
              options={ACCESS}
              disabled={locked !== null}
              onChange={(access) => set(['resources', n, 'access'], access, 'Change the resources')}
            />
            <IconButton
              label={`Remove resource ${n + 1}`}
              icon={<Trash2 size={14} />}
              disabledReason={locked}
              onClick={() => put(value.filter((_, at) => at !== n))}
            />
          </li>
        ))}
      </ul>
      <Button
        size="sm"
        variant="ghost"
        className="self-start"
        icon={<Plus size={13} />}
        disabledReason={locked}
        onClick={() => put([...value, { key: 'resource/{input.id}', access: 'write' }])}
      >
        Add a resource
      </Button>
    </Labelled>
  )
}
