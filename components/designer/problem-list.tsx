'use client'

/** Every finding with its place and its fixes. Choosing one selects the step and shows the code. */
import { CircleAlert, Info, TriangleAlert, Wrench } from 'lucide-react'
import type { Fix, Issue } from '@/runtime/definition/issue'
import { Button } from '../ui/button'
import { cn } from '../ui/cn'

const LOOK = {
  error: { icon: CircleAlert, word: 'Error', tone: 'text-state-failed' },
  warning: { icon: TriangleAlert, word: 'Warning', tone: 'text-state-compensating' },
  info: { icon: Info, word: 'Advice', tone: 'text-text-3' },
} as const

export function ProblemList({
  issues,
  text,
  locked,
  onShow,
  onFix,
}: {
  issues: readonly Issue[]
  text: string
  locked: string | null
  onShow: (issue: Issue) => void
  onFix: (fix: Fix) => void
}) {
  if (issues.length === 0) {
    return (
      <p className="px-4 py-6 text-center text-text-2">
        No problems found: structure, compensations, pivot, waits and data flow are sound.
      </p>
    )
  }
  return (
    <ul aria-label="Problems" className="h-full overflow-y-auto">
      {issues.map((issue, n) => {
        const { icon: Icon, word, tone } = LOOK[issue.severity]
        return (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: two findings may say the same of the same place
            key={`${issue.code} ${issue.path.join('.')} ${n}`}
            className="flex flex-wrap items-start gap-x-3 gap-y-1 border-b px-4 py-1.5 last:border-b-0 hover:bg-surface-2"
          >
            <span className={cn('mt-0.5 flex shrink-0 items-center', tone)}>
              <Icon size={14} aria-hidden />
              <span className="sr-only">{word}</span>
            </span>
            <button
              type="button"
              className="min-w-0 flex-1 text-left"
              onClick={() => onShow(issue)}
            >
              <span className="block">{issue.message}</span>
              {issue.hint ? <span className="block text-text-3 text-xs">{issue.hint}</span> : null}
            </button>
            {issue.fixes?.map((fix) => (
              <Button
                key={fix.title}
                size="sm"
                icon={<Wrench size={12} aria-hidden />}
                disabledReason={locked}
                onClick={() => onFix(fix)}
              >
                {fix.title}
              </Button>
            ))}
            <span className="mt-0.5 shrink-0 text-right font-mono text-2xs text-text-3 max-md:hidden">
              {issue.code}
              {issue.range ? ` · line ${lineOf(text, issue.range.start)}` : ''}
            </span>
          </li>
        )
      })}
    </ul>
  )
}

export function lineOf(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1))
    line++
  return line
}

export interface IssueCounts {
  errors: number
  warnings: number
  advice: number
}

export function countIssues(issues: readonly Issue[]): IssueCounts {
  const counts = { errors: 0, warnings: 0, advice: 0 }
  for (const { severity } of issues) counts[COUNTED[severity]]++
  return counts
}

const COUNTED = { error: 'errors', warning: 'warnings', info: 'advice' } as const

/** “2 errors, 1 warning”, leaving out what there is none of; “No problems” only when nothing was found at all. */
export function problemWords({ errors, warnings, advice }: IssueCounts): string {
  const parts = [
    errors > 0 && `${errors} ${errors === 1 ? 'error' : 'errors'}`,
    warnings > 0 && `${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`,
    advice > 0 && `${advice} advice`,
  ].filter(Boolean)
  return parts.length === 0 ? 'No problems' : parts.join(', ')
}
