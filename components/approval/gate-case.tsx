'use client'

/** One gate's case: the question, what is known, the run at the gate, and what was decided here before. */
import Link from 'next/link'
import type { RunView } from '@/runtime/projection/run-view'
import type { GateDetail, SagaDetail } from '@/server/api/contract'
import { RunDrawing } from '../run/run-drawing'
import { Badge } from '../ui/badge'
import { Facts } from '../ui/facts'
import { JsonView } from '../ui/json-view'
import { RelativeTime } from '../ui/relative-time'
import { Skeleton } from '../ui/skeleton'
import { Countdown } from './countdown'
import { DECISION_WORD } from './decision-words'

export function GateCase({
  gate,
  run,
  view,
  offsetMs,
}: {
  gate: GateDetail
  run: SagaDetail | undefined
  view: RunView
  offsetMs: number
}) {
  return (
    <div className="flex min-h-full flex-col">
      <header className="flex flex-col gap-2 p-5 pb-4">
        <h2 className="max-w-3xl font-semibold text-xl">{gate.question}</h2>
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-text-2">
          <Link
            href={`/runs/${encodeURIComponent(gate.sagaId)}?step=${gate.step}`}
            className="text-accent hover:underline"
          >
            {gate.sagaName}
          </Link>
          {gate.ventureName ? <span>{gate.ventureName}</span> : null}
          <span>
            Asked <RelativeTime at={gate.openedAt} />
          </span>
          <span>The {gate.roles.join(' or ')} decides</span>
        </p>
        {gate.status === 'OPEN' ? (
          gate.dueAt ? (
            <p className="flex flex-wrap items-center gap-x-2">
              <Countdown
                openedAt={gate.openedAt.getTime()}
                dueAt={gate.dueAt.getTime()}
                offsetMs={offsetMs}
              />
              <span className="text-text-2">
                {gate.onTimeout === 'ABORT'
                  ? 'At zero the saga is aborted and compensated.'
                  : 'At zero the saga is paused and waits for an operator.'}
              </span>
            </p>
          ) : (
            <p className="text-text-2">No deadline: the saga waits until somebody decides.</p>
          )
        ) : (
          <p>
            <Badge>{CLOSED[gate.status]}</Badge>{' '}
            {gate.closedAt ? (
              <span className="text-text-2">
                <RelativeTime at={gate.closedAt} />
              </span>
            ) : null}
          </p>
        )}
      </header>
      <Context value={gate.context} />
      <div className="relative min-h-96 shrink-0 flex-1 border-t bg-canvas">
        <div className="absolute inset-0">
          {run ? (
            <RunDrawing
              document={run.document}
              layout={run.layout}
              view={view}
              selected={gate.step}
              onSelect={NOTHING}
            />
          ) : (
            <Skeleton className="h-full rounded-none" />
          )}
        </div>
      </div>
      {gate.decisions.length > 0 ? (
        <section className="border-t p-5">
          <h3 className="mb-2 font-medium text-sm">Decided on this saga before</h3>
          <ul className="flex flex-col gap-2">
            {gate.decisions.map((decision) => (
              <li key={decision.decisionId} className="rounded-md border px-3 py-2">
                <p>
                  <span className="font-medium">{DECISION_WORD[decision.decision]}</span>{' '}
                  <span className="text-text-2">
                    by {decision.decidedByName}, <RelativeTime at={decision.at} />
                  </span>
                </p>
                {decision.reasoning ? <p className="text-text-2">{decision.reasoning}</p> : null}
                {decision.conditions.length > 0 ? (
                  <ul className="list-disc pl-5 text-text-2">
                    {decision.conditions.map((condition) => (
                      <li key={condition}>{condition}</li>
                    ))}
                  </ul>
                ) : null}
              </li>
            ))}
          </ul>
        </section>
      ) : null}
    </div>
  )
}

const NOTHING = () => {}

const CLOSED = {
  DECIDED: 'Decided',
  EXPIRED: 'Expired',
  CANCELLED: 'Cancelled',
} as const

/** Plain values as a list, the rest as JSON. */
function Context({ value }: { value: unknown }) {
  if (value === null || value === undefined) return null
  const members = typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : null
  if (!members) return <JsonView label="Context" value={value} className="mx-5 mb-5" />
  const plain = members.filter(([, member]) => typeof member !== 'object' || member === null)
  const rest = members.filter(([, member]) => typeof member === 'object' && member !== null)
  return (
    <section className="flex flex-col gap-3 px-5 pb-5">
      {plain.length > 0 ? (
        <Facts items={plain.map(([name, member]) => [words(name), shown(member)] as const)} />
      ) : null}
      {rest.length > 0 ? <JsonView label="More context" value={Object.fromEntries(rest)} /> : null}
    </section>
  )
}

function shown(value: unknown): string {
  if (typeof value === 'number') return value.toLocaleString()
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return value === null ? '–' : String(value)
}

function words(name: string): string {
  const spaced = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase()
  return spaced.charAt(0).toUpperCase() + spaced.slice(1)
}
