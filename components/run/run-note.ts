/** The line beside a run's name in lists: what it waits for, else why it failed, else what it does. */
import type { SagaListItem, WaitsFor } from '@/server/api/contract'

const WAITS: Record<WaitsFor['for'], string> = {
  owner: 'is quarantined',
  resume: 'is paused',
  decision: 'waits for a decision',
}

/** Whom a run waits for, and why. */
export function waitWords({ name, for: what, reason }: WaitsFor): string {
  return `${name} ${WAITS[what]}${reason ? `: ${reason}` : ''}`
}

export function noteOf(run: SagaListItem): string | null {
  if (run.waitsFor) return `Its part ${waitWords(run.waitsFor)}`
  // What holds it now matters more than what once turned it back.
  if (run.status === 'QUARANTINED' || run.status === 'PAUSED')
    return run.current ?? run.failureReason
  return run.failureReason ?? run.current
}
