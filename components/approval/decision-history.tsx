'use client'

/** Every decision that was made, newest first. */
import { useInfiniteQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useTRPC } from '../api'
import { Badge } from '../ui/badge'
import { Button } from '../ui/button'
import { EmptyState } from '../ui/empty-state'
import { ErrorState } from '../ui/error-state'
import { errorWords } from '../ui/error-words'
import { RelativeTime } from '../ui/relative-time'
import { SkeletonRows } from '../ui/skeleton'
import type { Tone } from '../ui/state'
import { Table, TableHead, Td, Th, Tr } from '../ui/table'
import { DECISION_WORD } from './decision-words'

const TONE: Record<keyof typeof DECISION_WORD, Tone> = {
  CONTINUE: 'completed',
  PAUSE: 'paused',
  ABORT: 'compensating',
  FORCE_COMPENSATION: 'failed',
}

export function DecisionHistory() {
  const trpc = useTRPC()
  const history = useInfiniteQuery(
    trpc.approvals.history.infiniteQueryOptions(
      { limit: 50 },
      { getNextPageParam: (last) => last.nextCursor },
    ),
  )
  if (history.isPending) return <SkeletonRows rows={6} />
  if (history.isError) {
    return (
      <ErrorState
        what="load the decisions"
        error={{ message: errorWords(history.error) }}
        onRetry={() => void history.refetch()}
      />
    )
  }
  const items = history.data.pages.flatMap((page) => page.items)
  if (items.length === 0) {
    return (
      <EmptyState title="Nothing decided yet">
        Each decision is kept here with its reason and its conditions.
      </EmptyState>
    )
  }
  return (
    <div className="flex flex-col gap-3 p-4">
      <Table label="Decisions" className="min-w-200">
        <TableHead>
          <Th>Decision</Th>
          <Th>Saga</Th>
          <Th>Reasoning</Th>
          <Th>Decided by</Th>
          <Th>When</Th>
        </TableHead>
        <tbody>
          {items.map((item) => (
            <Tr key={item.decisionId}>
              <Td>
                <Badge tone={TONE[item.decision]}>{DECISION_WORD[item.decision]}</Badge>
              </Td>
              <Td>
                <Link
                  href={`/runs/${encodeURIComponent(item.sagaId)}?step=${item.step}`}
                  className="font-medium hover:underline"
                >
                  {item.sagaName}
                </Link>
              </Td>
              <Td className="max-w-96 py-2">
                <p className="line-clamp-2" title={item.reasoning}>
                  {item.reasoning || <span className="text-text-3">none given</span>}
                </p>
                {item.conditions.length > 0 ? (
                  <p className="text-text-3 text-xs">If: {item.conditions.join('; ')}</p>
                ) : null}
              </Td>
              <Td>{item.decidedByName}</Td>
              <Td className="whitespace-nowrap text-text-2">
                <RelativeTime at={item.at} />
              </Td>
            </Tr>
          ))}
        </tbody>
      </Table>
      {history.hasNextPage ? (
        <Button
          className="self-center"
          loading={history.isFetchingNextPage}
          onClick={() => void history.fetchNextPage()}
        >
          Show more
        </Button>
      ) : null}
    </div>
  )
}
