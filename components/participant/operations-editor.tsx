'use client'

/** The operations that a participant offers: their names, what kind of effect each has, and which one undoes it. */
import { Plus, X } from 'lucide-react'
import type { ParticipantOperation } from '@/server/api/contract'
import { Button } from '../ui/button'
import { IconButton } from '../ui/icon-button'
import { Input } from '../ui/input'
import { Select } from '../ui/select'

const EFFECTS = [
  { value: 'none', label: 'Any effect' },
  { value: 'compensatable', label: 'Compensatable', hint: 'another operation undoes it' },
  { value: 'pivot', label: 'Pivot', hint: 'the point of no return' },
  { value: 'retriable', label: 'Retriable', hint: 'succeeds if tried often enough' },
  { value: 'readonly', label: 'Reads only', hint: 'nothing to undo' },
] as const

export function OperationsEditor({
  operations,
  onChange,
}: {
  operations: readonly ParticipantOperation[]
  onChange: (operations: ParticipantOperation[]) => void
}) {
  const edit = (index: number, patch: Partial<ParticipantOperation>) =>
    onChange(operations.map((each, place) => (place === index ? { ...each, ...patch } : each)))
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 font-medium text-sm">Operations</legend>
      {operations.length > 0 ? (
        <div className="grid grid-cols-[1fr_9rem_1fr_2rem] gap-1.5 text-text-3 text-xs max-md:hidden">
          <span>Name</span>
          <span>Effect</span>
          <span>Undone by</span>
        </div>
      ) : (
        <p className="text-text-3 text-xs">
          Optional. The designer offers them when a step calls this participant.
        </p>
      )}
      {operations.map((operation, index) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: rows are only added and removed, and hold no state
          key={index}
          className="grid grid-cols-[1fr_9rem_1fr_2rem] items-center gap-1.5 max-md:grid-cols-[1fr_1fr_2.25rem]"
        >
          <Input
            mono
            aria-label={`Name of operation ${index + 1}`}
            value={operation.name}
            maxLength={64}
            placeholder="reserve"
            onChange={(event) => edit(index, { name: event.target.value })}
          />
          <Select
            label={`Effect of operation ${index + 1}`}
            value={operation.effect ?? 'none'}
            onChange={(effect) => {
              const { effect: _, ...rest } = operation
              onChange(
                operations.map((each, place) =>
                  place === index ? { ...rest, ...(effect === 'none' ? {} : { effect }) } : each,
                ),
              )
            }}
            options={EFFECTS}
          />
          <Select
            label={`What undoes operation ${index + 1}`}
            value={operation.compensation ?? 'none'}
            onChange={(compensation) => {
              const { compensation: _, ...rest } = operation
              onChange(
                operations.map((each, place) =>
                  place === index
                    ? { ...rest, ...(compensation === 'none' ? {} : { compensation }) }
                    : each,
                ),
              )
            }}
            className="max-md:col-span-2 max-md:row-start-2"
            options={[
              { value: 'none', label: 'Nothing' },
              ...operations
                .filter((each, place) => place !== index && each.name !== '')
                .map((each) => ({ value: each.name, label: each.name })),
            ]}
          />
          <IconButton
            label={`Remove operation ${operation.name || index + 1}`}
            icon={<X size={14} aria-hidden />}
            onClick={() => onChange(operations.toSpliced(index, 1))}
          />
        </div>
      ))}
      <Button
        size="sm"
        variant="ghost"
        className="self-start"
        icon={<Plus size={13} aria-hidden />}
        onClick={() => onChange([...operations, { name: '' }])}
      >
        Add an operation
      </Button>
    </fieldset>
  )
}
