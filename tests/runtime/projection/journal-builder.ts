/** Writes journals by hand, entry after entry, 100 ms apart unless told. */
import type { Actor, Entry, Fact, Message } from '@/runtime/journal/entry'

export const START = 1_700_000_000_000
export const OLGA: Actor = { kind: 'user', id: 'u1', name: 'Olga' }

export class JournalBuilder {
  readonly entries: Entry[] = []
  at = START

  constructor(facts: Fact[] = []) {
    this.add(
      {
        type: 'start',
        definition: { name: 'launch', version: 3, digest: 'd3' },
        input: { budget: 5 },
        by: OLGA,
      },
      [{ t: 'saga.started', total: 4 }, { t: 'saga.status', status: 'RUNNING' }, ...facts],
      0,
    )
  }

  add(message: Message, facts: Fact[], afterMs = 100): this {
    this.at += afterMs
    this.entries.push({
      entityId: 's',
      seq: this.entries.length + 1,
      at: this.at,
      message,
      facts,
    })
    return this
  }

  result(call: string, output: unknown, facts: Fact[], afterMs = 100): this {
    return this.add({ type: 'result', call, outcome: { ok: true, output } }, facts, afterMs)
  }

  failure(call: string, facts: Fact[], afterMs = 100): this {
    return this.add({ type: 'result', call, outcome: { ok: false, ...DOWN } }, facts, afterMs)
  }

  timer(timer: string, facts: Fact[], afterMs = 100): this {
    return this.add({ type: 'timer', timer }, facts, afterMs)
  }
}

export const DOWN = { kind: 'retryable', code: 'HTTP_503', message: 'the service is down' } as const
export const NO = { kind: 'terminal', code: 'REFUSED', message: 'the service refused' } as const

export const started = (step: string, attempt = 1): Fact => ({
  t: 'step.started',
  step,
  attempt,
  key: `s:${step}`,
  participant: 'svc',
  operation: `do_${step}`,
  input: { of: step },
})
export const succeeded = (step: string, attempt = 1): Fact => ({
  t: 'step.succeeded',
  step,
  attempt,
})
export const undoing = (step: string, attempt = 1): Fact => ({
  t: 'compensation.started',
  step,
  attempt,
  key: `s:${step}:compensate`,
  participant: 'svc',
  operation: `undo_${step}`,
})
