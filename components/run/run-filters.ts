/**
 * The runs list's filters: how they live in the URL, and what they ask the server for.
 */
import { parseAsString, parseAsStringLiteral } from 'nuqs'
import type { SagaStatus } from '@/runtime/journal/entry'

export const PRESETS = [
  { value: 'all', label: 'All', statuses: [] },
  { value: 'running', label: 'Running', statuses: ['PENDING', 'RUNNING'] },
  { value: 'attention', label: 'Needs attention', statuses: ['PAUSED', 'QUARANTINED'] },
  { value: 'compensating', label: 'Compensating', statuses: ['COMPENSATING'] },
  { value: 'completed', label: 'Completed', statuses: ['COMPLETED'] },
  { value: 'rolled-back', label: 'Rolled back', statuses: ['ROLLED_BACK'] },
  { value: 'failed', label: 'Failed', statuses: ['FAILED'] },
] as const satisfies readonly { value: string; label: string; statuses: SagaStatus[] }[]

export type Preset = (typeof PRESETS)[number]['value']

export const SINCE = [
  { value: '1h', label: 'Last hour', ms: 3_600_000 },
  { value: '24h', label: 'Last 24 hours', ms: 86_400_000 },
  { value: '7d', label: 'Last 7 days', ms: 7 * 86_400_000 },
  { value: '30d', label: 'Last 30 days', ms: 30 * 86_400_000 },
] as const

export const filterParsers = {
  tab: parseAsStringLiteral(PRESETS.map((preset) => preset.value)).withDefault('all'),
  definition: parseAsString,
  venture: parseAsString,
  q: parseAsString.withDefault(''),
  since: parseAsStringLiteral(SINCE.map((since) => since.value)),
}

export interface RunFilters {
  tab: Preset
  definition: string | null
  venture: string | null
  q: string
  since: (typeof SINCE)[number]['value'] | null
}

/** What all presets share: also what the counts are counted under. `now` to the minute keeps the query's key still. */
export function scopeOf(filters: RunFilters, now: number) {
  const since = SINCE.find((candidate) => candidate.value === filters.since)
  const text = filters.q.trim().slice(0, 200)
  return {
    ...(filters.definition ? { definition: filters.definition } : {}),
    ...(filters.venture ? { ventureId: filters.venture } : {}),
    ...(text ? { text } : {}),
    ...(since ? { startedAfter: new Date(Math.floor(now / 60_000) * 60_000 - since.ms) } : {}),
  }
}

export function statusesOf(preset: Preset): SagaStatus[] {
  return [...(PRESETS.find((candidate) => candidate.value === preset)?.statuses ?? [])]
}

export function countOf(preset: Preset, counts: Record<SagaStatus, number>): number {
  const statuses = statusesOf(preset)
  return Object.entries(counts)
    .filter(([status]) => statuses.length === 0 || statuses.includes(status as SagaStatus))
    .reduce((sum, [, count]) => sum + count, 0)
}
