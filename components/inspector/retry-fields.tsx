'use client'

/** How often and how fast a call is tried again. What is not set here comes from the saga's default, then the runtime's. */
import type { RetryPolicy } from '@/runtime/definition/schema'
import { formatDuration } from '../canvas/duration'
import type { Path } from './edit-context'
import { ChoiceField, DurationField, NumberField, TextField } from './fields'

type Retry = { [K in keyof RetryPolicy]?: RetryPolicy[K] | undefined } | undefined

const STRATEGIES = [
  { value: 'EXPONENTIAL', label: 'Exponential', hint: 'The delay doubles each time' },
  { value: 'LINEAR', label: 'Linear', hint: 'The delay grows by itself each time' },
  { value: 'FIXED', label: 'Fixed', hint: 'Always the same delay' },
] as const

export function RetryFields({
  value,
  set,
}: {
  value: Retry
  /** Path inside the policy. */
  set: (path: Path, value: unknown) => void
}) {
  return (
    <>
      <div className="grid grid-cols-2 gap-3">
        <NumberField
          label="Attempts in all"
          optional
          value={value?.attemptsMax}
          placeholder="4"
          min={1}
          max={1000}
          onChange={(next) => set(['attemptsMax'], next)}
        />
        <ChoiceField
          label="Back-off"
          value={value?.strategy ?? null}
          placeholder="Exponential"
          options={STRATEGIES}
          onChange={(next) => set(['strategy'], next)}
        />
        <DurationField
          label="First delay"
          optional
          value={value?.delayMs}
          placeholder="500 ms"
          onChange={(next) => set(['delayMs'], next)}
        />
        <DurationField
          label="Longest delay"
          optional
          value={value?.delayMaxMs}
          placeholder="30 s"
          onChange={(next) => set(['delayMaxMs'], next)}
        />
        <NumberField
          label="Jitter"
          optional
          value={value?.jitter}
          placeholder="0.2"
          integer={false}
          min={0}
          max={1}
          hint="0.2 is up to 20 % more or less"
          onChange={(next) => set(['jitter'], next)}
        />
        <DurationField
          label="Give up after"
          optional
          value={value?.elapsedMaxMs}
          placeholder="never by time"
          onChange={(next) => set(['elapsedMaxMs'], next)}
        />
      </div>
      <TextField
        label="Failure codes that end it at once"
        optional
        mono
        value={value?.nonRetryable?.join(', ') || undefined}
        placeholder="INSUFFICIENT_FUNDS, NAME_TAKEN"
        onChange={(text) => set(['nonRetryable'], listOf(text))}
      />
    </>
  )
}

export function retrySummary(value: Retry): string {
  if (!value || Object.keys(value).length === 0) return 'default'
  const attempts = value.attemptsMax === undefined ? '' : `${value.attemptsMax} attempts`
  const delay = value.delayMs === undefined ? '' : `from ${formatDuration(value.delayMs)}`
  return [attempts, delay].filter(Boolean).join(', ') || 'set'
}

function listOf(text: string | undefined): string[] | undefined {
  const codes = (text ?? '').split(/[\s,]+/).filter(Boolean)
  return codes.length > 0 ? codes : undefined
}
