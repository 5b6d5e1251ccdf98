'use client'

/** Asks before a verb on one run or one of its steps, and says what the verb does to this run. */
import type { RunView } from '@/runtime/projection/run-view'
import { useTRPCClient } from '../api'
import { ConfirmDialog } from '../ui/confirm-dialog'
import { errorWords } from '../ui/error-words'

export type Verb =
  | { name: 'pause' | 'resume' | 'cancel' | 'rollBack' }
  | { name: 'retryStep' | 'resolveStep'; step: string; title: string }

export function VerbDialog({
  verb,
  sagaId,
  view,
  onClose,
}: {
  verb: Verb
  sagaId: string
  view: RunView
  onClose: () => void
}) {
  const client = useTRPCClient()
  const words = wordsOf(verb, view)
  return (
    <ConfirmDialog
      open
      onOpenChange={(open) => !open && onClose()}
      {...words}
      onConfirm={async (reason) => {
        try {
          if ('step' in verb) {
            await client.sagas[verb.name].mutate({ sagaId, step: verb.step, reason })
          } else {
            await client.sagas[verb.name].mutate({ sagaId, reason })
          }
        } catch (error) {
          throw new Error(errorWords(error))
        }
      }}
    />
  )
}

function wordsOf(verb: Verb, view: RunView) {
  const done = [...view.steps.values()].filter((step) => step.state === 'completed').length
  const open = [...view.steps.values()].filter((step) => step.state === 'running').length
  switch (verb.name) {
    case 'pause':
      return {
        title: 'Pause this run?',
        verb: 'Pause the run',
        consequences: [
          open > 0
            ? `Nothing new starts; ${open} ${open === 1 ? 'call' : 'calls'} under way finish and their results are kept.`
            : 'Nothing new starts; results that come in are kept.',
          'Timers are frozen, with the time they had left.',
          'Resuming goes on exactly where it stopped.',
        ],
      }
    case 'resume':
      return {
        title: 'Resume this run?',
        verb: 'Resume the run',
        consequences: [
          'Results that came meanwhile are taken up, in order.',
          'Timers go on with the time they had left.',
          'A stuck step is tried again.',
        ],
      }
    case 'cancel':
      return {
        title: 'Cancel this run?',
        verb: 'Cancel and compensate',
        danger: true,
        consequences: [
          'Forward work stops: what waits is stopped, calls under way settle first.',
          `Of ${done} completed ${done === 1 ? 'step' : 'steps'}, each with a compensation is undone.`,
          'This cannot be taken back.',
        ],
      }
    case 'rollBack':
      return {
        title: 'Roll this run back by force?',
        verb: 'Roll back by force',
        danger: true,
        consequences: [
          'Everything that has a compensation is undone, even past the pivot or after completion.',
          'Effects without a compensation stay, and are named when it ends.',
          'This cannot be taken back.',
        ],
      }
    case 'retryStep': {
      const undo = view.steps.get(verb.step)?.compensation
      if (undo?.state === 'exhausted' || undo?.state === 'retrying') {
        const last = undo.attempts.at(-1)
        return {
          title: `Retry undoing ${verb.title}?`,
          verb: 'Retry undoing',
          consequences: [
            `Its compensation${last?.participant ? ` (${last.participant}.${last.operation})` : ''} is called again now, with the same idempotency key.`,
            'If it succeeds, the run goes on compensating.',
          ],
        }
      }
      return {
        title: `Retry ${verb.title}?`,
        verb: 'Retry the step',
        consequences: view.steps.get(verb.step)?.children.length
          ? [
              'What was rolled back is started again, each as a new child run with idempotency keys of its own.',
              'Children that completed or still run stay as they are.',
            ]
          : [
              'The next attempt starts now, with the same idempotency key.',
              'Attempts before do not count any more.',
            ],
      }
    }
    case 'resolveStep':
      return {
        title: `Resolve ${verb.title} by hand?`,
        verb: 'Mark as resolved',
        danger: true,
        consequences: [
          'You say that its effect is undone, or accepted as it stands. Nothing is called.',
          'The run goes on as if its compensation had succeeded.',
          'Your name and reason are kept in the journal.',
        ],
      }
  }
}
