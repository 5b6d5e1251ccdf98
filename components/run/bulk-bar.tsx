'use client'

/**
 * What can be done to the selected runs at once. Each verb says to how many it applies, asks for a reason, and then
 * shows what became of each run: accepted is not the same as done.
 */
import { Check, Pause, Play, RotateCcw, Undo2, Wrench, X } from 'lucide-react'
import { useState } from 'react'
import { TERMINAL } from '@/runtime/journal/entry'
import { MANY_MAX, type SagaListItem } from '@/server/api/contract'
import { useTRPCClient } from '../api'
import { useRefusal } from '../shell/me'
import { Button } from '../ui/button'
import { ConfirmDialog } from '../ui/confirm-dialog'
import { shortId } from '../ui/copyable'
import { Dialog } from '../ui/dialog'
import { errorWords } from '../ui/error-words'

type Verb = 'pause' | 'resume' | 'retry' | 'resolve' | 'cancel'

const DONE: Record<Verb, string> = {
  pause: 'paused',
  resume: 'resumed',
  retry: 'retried',
  resolve: 'resolved by hand',
  cancel: 'cancelled',
}

const VERBS = {
  pause: {
    word: 'Pause',
    icon: <Pause size={14} aria-hidden />,
    danger: false,
    applies: (run: SagaListItem) => ['RUNNING', 'COMPENSATING'].includes(run.status),
    consequences: [
      'Nothing new starts; calls under way finish and their results are kept.',
      'Timers are frozen, with the time they had left.',
      'Resuming goes on exactly where it stopped.',
    ],
  },
  resume: {
    word: 'Resume',
    icon: <Play size={14} aria-hidden />,
    danger: false,
    applies: (run: SagaListItem) => run.status === 'PAUSED',
    consequences: ['Results that came meanwhile are taken up.', 'Timers go on with what was left.'],
  },
  retry: {
    word: 'Retry',
    icon: <RotateCcw size={14} aria-hidden />,
    danger: false,
    applies: (run: SagaListItem) => !TERMINAL.includes(run.status),
    consequences: [
      'Of each run, every step that waits for a retry, is stuck, or could not be undone is tried again.',
      'The same idempotency keys are used.',
      'A run without such a step refuses.',
    ],
  },
  resolve: {
    word: 'Resolve by hand',
    icon: <Wrench size={14} aria-hidden />,
    danger: true,
    applies: (run: SagaListItem) => run.status === 'QUARANTINED' || run.status === 'PAUSED',
    consequences: [
      'You say that what could not be undone is undone, or accepted as it stands. Nothing is called.',
      'A run that has nothing to resolve refuses.',
      'Your name and reason are kept in each journal.',
    ],
  },
  cancel: {
    word: 'Cancel',
    icon: <Undo2 size={14} aria-hidden />,
    danger: true,
    applies: (run: SagaListItem) => ['PENDING', 'RUNNING', 'PAUSED'].includes(run.status),
    consequences: [
      'Forward work stops and every completed step is compensated.',
      'A saga past its pivot cannot be cancelled and will refuse.',
      'This cannot be taken back.',
    ],
  },
} as const

interface Outcome {
  run: SagaListItem
  /** Null: done. */
  refusal: string | null
}

export function BulkBar({ runs, onClear }: { runs: readonly SagaListItem[]; onClear: () => void }) {
  const client = useTRPCClient()
  const refusal = useRefusal()('saga:operate')
  const [verb, setVerb] = useState<Verb | null>(null)
  const [outcomes, setOutcomes] = useState<{ verb: Verb; list: Outcome[] } | null>(null)
  if (runs.length === 0 && !outcomes) return null

  const chosen = verb ? runs.filter(VERBS[verb].applies) : []
  const many = (count: number) => `${count} ${count === 1 ? 'run' : 'runs'}`

  return (
    <>
      {runs.length > 0 ? (
        <div
          role="toolbar"
          aria-label="Selected runs"
          className="flex h-12 shrink-0 items-center gap-2 border-t bg-surface-1 px-4"
        >
          <span className="mr-2 font-medium tabular-nums">{runs.length} selected</span>
          {(Object.keys(VERBS) as Verb[]).map((each) => {
            const count = runs.filter(VERBS[each].applies).length
            return (
              <Button
                key={each}
                size="sm"
                icon={VERBS[each].icon}
                disabledReason={
                  refusal ??
                  (count === 0 ? `None of the selected runs can be ${DONE[each]} now` : null)
                }
                onClick={() => setVerb(each)}
              >
                {VERBS[each].word} {count > 0 && count < runs.length ? count : ''}
              </Button>
            )
          })}
          <Button size="sm" variant="ghost" className="ml-auto" onClick={onClear}>
            Clear selection
          </Button>
        </div>
      ) : null}
      {verb ? (
        <ConfirmDialog
          open
          onOpenChange={(open) => !open && setVerb(null)}
          title={`${VERBS[verb].word} ${many(chosen.length)}?`}
          consequences={[
            ...VERBS[verb].consequences,
            ...(chosen.length < runs.length
              ? [
                  `${many(runs.length - chosen.length)} of the selection cannot, and stay as they are.`,
                ]
              : []),
          ]}
          verb={`${VERBS[verb].word} ${many(chosen.length)}`}
          danger={VERBS[verb].danger}
          onConfirm={async (reason) => {
            const list: Outcome[] = []
            for (let at = 0; at < chosen.length; at += MANY_MAX)
              list.push(...(await askMany(client, verb, chosen.slice(at, at + MANY_MAX), reason)))
            setOutcomes({ verb, list })
            onClear()
          }}
        />
      ) : null}
      {outcomes ? (
        <Dialog
          open
          onOpenChange={(open) => !open && setOutcomes(null)}
          title={`${VERBS[outcomes.verb].word}: ${outcomes.list.filter((o) => !o.refusal).length} of ${many(outcomes.list.length)} took it`}
          footer={<Button onClick={() => setOutcomes(null)}>Close</Button>}
        >
          <ul className="divide-y rounded-lg border">
            {outcomes.list.map(({ run, refusal: why }) => (
              <li key={run.sagaId} className="flex items-start gap-3 px-3 py-2">
                {why ? (
                  <X size={14} className="mt-0.5 shrink-0 text-state-failed" aria-hidden />
                ) : (
                  <Check size={14} className="mt-0.5 shrink-0 text-state-completed" aria-hidden />
                )}
                <span className="min-w-0 flex-1">
                  <span className="font-medium">{run.name}</span>{' '}
                  <span className="font-mono text-text-3 text-xs">{shortId(run.sagaId)}</span>
                  <span className="block text-text-2">{why ?? 'Accepted'}</span>
                </span>
              </li>
            ))}
          </ul>
        </Dialog>
      ) : null}
    </>
  )
}

/** One request for all. Should it fail, nobody knows of any of them. */
async function askMany(
  client: ReturnType<typeof useTRPCClient>,
  verb: Verb,
  runs: readonly SagaListItem[],
  reason: string,
): Promise<Outcome[]> {
  try {
    const answers = await client.sagas[`${verb}Many`].mutate({
      sagaIds: runs.map(({ sagaId }) => sagaId),
      reason,
    })
    return runs.map((run, n) => {
      const answer = answers[n]
      return { run, refusal: answer && 'error' in answer ? answer.error.message : null }
    })
  } catch (error) {
    return runs.map((run) => ({ run, refusal: errorWords(error) }))
  }
}
