/**
 * Journal entries in words, for people who read what happened. Pure; titles come from the document.
 */
import type { Entry, Fact, Message } from '@/runtime/journal/entry'
import { duration } from '@/runtime/projection/duration'
import type { Tone } from '../ui/state'

export interface Line {
  words: string
  tone: Tone
  step: string | null
  /** Left out of the compact view: bookkeeping that another line already says. */
  minor: boolean
}

export function messageWords(message: Message): string {
  switch (message.type) {
    case 'start':
      return `Started${message.by ? ` by ${message.by.name}` : ''}`
    case 'result':
      return 'Result of a call'
    case 'timer':
      return 'Timer fired'
    case 'signal':
      return `Signal ${message.name}${message.by ? ` from ${message.by.name}` : ''}`
    case 'decide':
      return `${message.by.name} decided ${message.decision.replaceAll('_', ' ').toLowerCase()}${message.reasoning ? `: ${message.reasoning}` : ''}`
    case 'pause':
      return `Paused by ${message.by.name}: ${message.reason}`
    case 'resume':
      return `Resumed by ${message.by.name}: ${message.reason}`
    case 'cancel':
      return `Cancelled by ${message.by.name}: ${message.reason}`
    case 'rollBack':
      return `Rolled back by ${message.by.name}: ${message.reason}`
    case 'retry':
      return `Retry of ${message.step} by ${message.by.name}: ${message.reason}`
    case 'resolve':
      return `${message.step} resolved by ${message.by.name}: ${message.reason}`
    case 'giveUp':
      return `${message.by.name} stopped waiting for the callback of ${message.step}: ${message.reason}`
    case 'child':
      return `Child saga ended ${message.status.toLowerCase().replaceAll('_', ' ')}`
    case 'unwind':
      return `Its parent unwinds: ${message.reason}`
    default:
      return message satisfies never
  }
}

/** True when the message itself is news, and not only the carrier of its facts. */
export function isSpoken(message: Message): boolean {
  return !['result', 'timer', 'child'].includes(message.type)
}

export function linesOf(entry: Entry, title: (step: string) => string): Line[] {
  return entry.facts.map((fact) => lineOf(fact, entry.at, title))
}

function lineOf(fact: Fact, at: number, title: (step: string) => string): Line {
  const line = (words: string, tone: Tone = 'idle', minor = false): Line => ({
    words,
    tone,
    step: 'step' in fact ? fact.step : null,
    minor,
  })
  switch (fact.t) {
    case 'saga.started':
      return line(`${fact.total} steps in the drawing`, 'idle', true)
    case 'saga.status':
      return line(
        `The run is ${fact.status.toLowerCase().replaceAll('_', ' ')}${fact.reason ? `: ${fact.reason}` : ''}`,
        statusTone(fact.status),
        fact.status === 'RUNNING' && !fact.reason,
      )
    case 'saga.ended':
      return line(
        `Ended ${fact.status.toLowerCase().replaceAll('_', ' ')}${fact.error ? `: ${fact.error.code}` : ''}`,
        statusTone(fact.status),
      )
    case 'step.started':
      return line(
        `${title(fact.step)} started${fact.attempt > 1 ? `, attempt ${fact.attempt}` : ''}${fact.participant ? ` · ${fact.participant}.${fact.operation}` : ''}`,
        'running',
      )
    case 'step.waiting':
      return line(
        `${title(fact.step)} waits for a ${fact.for}${fact.until ? `, at most ${duration(fact.until - at)}` : ''}`,
        'running',
      )
    case 'step.succeeded':
      return line(`${title(fact.step)} completed`, 'completed')
    case 'step.failed':
      return line(
        `${title(fact.step)} failed: ${fact.error.code}${fact.retryAt ? `, again in ${duration(fact.retryAt - at)}` : ''}`,
        fact.retryAt ? 'timed-out' : 'failed',
      )
    case 'step.stopped':
      return line(`${title(fact.step)} stopped`, 'cancelled')
    case 'choice.taken':
      return line(
        `${title(fact.step)}: ${fact.branch === 'otherwise' ? 'otherwise' : `branch ${fact.branch + 1}`}${fact.next ? `, on to ${title(fact.next)}` : ''}`,
        'completed',
      )
    case 'branch.ended':
      return line(
        `Branch ${fact.branch} of ${title(fact.step)} ended ${fact.ok ? 'well' : 'in failure'}`,
        fact.ok ? 'completed' : 'failed',
      )
    case 'map.planned':
      return line(`${title(fact.step)} has ${fact.items} items`, 'idle')
    case 'child.started':
      return line(`${title(fact.step)} started child ${fact.sagaId}`, 'running')
    case 'child.ended':
      return line(
        `Child ${fact.sagaId} ended ${fact.status.toLowerCase().replaceAll('_', ' ')}`,
        statusTone(fact.status),
      )
    case 'compensation.started':
      return line(
        `Compensating ${title(fact.step)}${fact.attempt > 1 ? `, attempt ${fact.attempt}` : ''} · ${fact.participant}.${fact.operation}`,
        'compensating',
      )
    case 'compensation.succeeded':
      return line(`${title(fact.step)} is compensated`, 'compensated')
    case 'compensation.failed':
      return line(
        `Compensation of ${title(fact.step)} failed: ${fact.error.code}${fact.retryAt ? `, again in ${duration(fact.retryAt - at)}` : ''}`,
        'failed',
      )
    case 'compensation.exhausted':
      return line(
        `Compensation of ${title(fact.step)} gave up; strategy ${fact.strategy.toLowerCase().replaceAll('_', ' ')}`,
        'failed',
      )
    case 'compensation.resolved':
      return line(`${title(fact.step)} resolved by hand by ${fact.by.name}`, 'compensated')
    case 'gate.opened':
      return line(`Gate opened: ${fact.question}`, 'approval')
    case 'gate.closed':
      return line(`Gate closed: ${fact.how.toLowerCase()}`, 'approval')
    case 'signal.kept':
      return line(`Signal ${fact.name} is kept until a step waits for it`)
    case 'timer.set':
      return line(`Timer ${fact.timer} set for ${duration(fact.dueAt - at)}`, 'idle', true)
    case 'timer.cancelled':
      return line(`Timer ${fact.timer} cancelled`, 'idle', true)
    case 'deferred':
      return line(`A ${fact.message} waits until the run resumes`)
    default:
      return fact satisfies never
  }
}

function statusTone(status: string): Tone {
  const tones: Record<string, Tone> = {
    RUNNING: 'running',
    COMPENSATING: 'compensating',
    PAUSED: 'paused',
    COMPLETED: 'completed',
    ROLLED_BACK: 'compensated',
    FAILED: 'failed',
    QUARANTINED: 'failed',
  }
  return tones[status] ?? 'idle'
}
