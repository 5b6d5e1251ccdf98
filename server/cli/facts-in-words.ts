/**
 * A saga's facts as lines that a person at a terminal can follow.
 */
import type { StepFailure } from '@/runtime/errors'
import type { Entry, Fact, SagaStatus } from '@/runtime/journal/entry'
import { output } from './output'

const { bold, dim, red, green, yellow, blue } = output

const STATUS: Record<SagaStatus, (text: string) => string> = {
  PENDING: dim,
  RUNNING: blue,
  COMPENSATING: yellow,
  PAUSED: yellow,
  COMPLETED: green,
  ROLLED_BACK: yellow,
  FAILED: red,
  QUARANTINED: red,
}

/** The lines of one journal entry; none for facts that only matter inside. */
export function entryLines(entry: Entry): string[] {
  const time = dim(new Date(entry.at).toISOString().slice(11, 23))
  return entry.facts.flatMap((fact) => {
    const line = factLine(fact.t === 'step.succeeded' ? withOutput(fact, entry) : fact)
    return line === null ? [] : [`${time}  ${line}`]
  })
}

/** An entry's facts do not repeat what its message holds. */
function withOutput(fact: Extract<Fact, { t: 'step.succeeded' }>, { message }: Entry): Fact {
  if (fact.output !== undefined || message.type !== 'result') return fact
  const { outcome } = message
  return 'ok' in outcome && outcome.ok ? { ...fact, output: outcome.output } : fact
}

function factLine(fact: Fact): string | null {
  switch (fact.t) {
    case 'saga.started':
      return `${bold('started')} ${dim(`${fact.total} steps`)}`
    case 'saga.status':
      return `${STATUS[fact.status](fact.status)}${fact.reason ? ` ${fact.reason}` : ''}`
    case 'saga.ended': {
      const left = fact.left?.length
        ? `\n              still standing: ${fact.left.join(', ')}`
        : ''
      const why = fact.error ? ` ${failure(fact.error)}` : ''
      const result = fact.output === undefined ? '' : ` ${json(fact.output)}`
      return `${bold(STATUS[fact.status](fact.status))}${why}${result}${left}`
    }
    case 'step.started': {
      const call = fact.participant ? dim(` ${fact.participant}.${fact.operation}`) : ''
      const again = fact.attempt > 1 ? dim(` attempt ${fact.attempt}`) : ''
      return `${blue('▸')} ${fact.step}${call}${again}`
    }
    case 'step.waiting':
      return `${blue('…')} ${fact.step} waits for ${WAITS[fact.for]}${fact.until ? dim(` until ${moment(fact.until)}`) : ''}`
    case 'step.succeeded':
      return `${green('✓')} ${fact.step}${fact.output === undefined ? '' : ` ${dim(json(fact.output))}`}`
    case 'step.failed':
      return `${red('✗')} ${fact.step} ${failure(fact.error)}${retry(fact.retryAt)}`
    case 'step.stopped':
      return `${dim('■')} ${fact.step} ${dim('stopped')}`
    case 'choice.taken':
      return `${blue('◇')} ${fact.step} ${dim(`→ ${fact.next ?? 'the end'}`)}`
    case 'branch.ended':
      return fact.ok ? null : `${red('✗')} ${fact.step} ${dim(`branch ${fact.branch} failed`)}`
    case 'map.planned':
      return `${blue('▸')} ${fact.step} ${dim(`${fact.items} items`)}`
    case 'child.started':
      return `${blue('▸')} ${fact.step} ${dim(`child saga ${fact.sagaId}`)}`
    case 'child.ended':
      return `${STATUS[fact.status](fact.status)} ${fact.step} ${dim(`child saga ${fact.sagaId}`)}`
    case 'compensation.started':
      return `${yellow('↩')} ${fact.step} ${dim(`${fact.participant}.${fact.operation}`)}${fact.attempt > 1 ? dim(` attempt ${fact.attempt}`) : ''}`
    case 'compensation.succeeded':
      return `${green('↩')} ${fact.step} compensated`
    case 'compensation.failed':
      return `${red('↩')} ${fact.step} ${failure(fact.error)}${retry(fact.retryAt)}`
    case 'compensation.exhausted':
      return `${red('↩')} ${fact.step} could not be compensated; ${fact.strategy}`
    case 'compensation.resolved':
      return `${green('↩')} ${fact.step} compensated by hand ${dim(`(${fact.by.name})`)}`
    case 'gate.opened':
      return `${yellow('◆')} ${fact.step} ${bold(fact.question)} ${dim(`for ${fact.roles.join(' or ')}, in Approvals`)}`
    case 'gate.closed':
      return `${yellow('◆')} ${fact.step} ${fact.how.toLowerCase()}`
    case 'signal.kept':
      return `${dim('·')} signal ${fact.name} ${dim('kept until a step wants it')}`
    case 'timer.set':
    case 'timer.cancelled':
    case 'deferred':
      return null
    default:
      return fact satisfies never
  }
}

const WAITS = {
  timer: 'its time',
  signal: 'a signal',
  approval: 'a decision',
  child: 'a child saga',
  callback: 'a callback',
} as const

const failure = (error: StepFailure) =>
  `${red(error.code)} ${error.message} ${dim(`(${error.kind})`)}`
const retry = (at?: number) => (at === undefined ? '' : dim(` again at ${moment(at)}`))
const moment = (at: number) => new Date(at).toISOString().slice(11, 19)
const json = (value: unknown) => {
  const text = JSON.stringify(value) ?? ''
  return text.length > 200 ? `${text.slice(0, 199)}…` : text
}
