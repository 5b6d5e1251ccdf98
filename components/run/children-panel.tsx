'use client'

/** The child sagas of a run: those that a saga step or a map started. */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useEffect } from 'react'
import { useTRPC } from '../api'
import { StatusBadge } from '../ui/badge'
import { Button } from '../ui/button'
import { EmptyState } from '../ui/empty-state'
import { ErrorState } from '../ui/error-state'
import { errorWords } from '../ui/error-words'
import { Elapsed } from '../ui/relative-time'
import { SkeletonRows } from '../ui/skeleton'

export function ChildrenPanel({ sagaId, changedSeq }: { sagaId: string; changedSeq: number }) {
  const trpc = useTRPC()
  const children = useInfiniteQuery(
    trpc.sagas.list.infiniteQueryOptions(
      { parentId: sagaId, children: true, limit: 100 },
      { getNextPageParam: (last) => last.nextCursor, placeholderData: keepPreviousData },
    ),
  )
  const { refetch } = children
  // biome-ignore lint/correctness/useExhaustiveDependencies: a child that started or ended changed the parent's journal
  useEffect(() => {
    const timer = setTimeout(() => void refetch(), 400)
    return () => clearTimeout(timer)
  }, [changedSeq, refetch])

  if (children.isPending) return <SkeletonRows rows={4} />
  if (children.isError) {
    return (
      <ErrorState
        what="load the child sagas"
        error={{ message: errorWords(children.error) }}
        onRetry={() => void refetch()}
      />
    )
  }
  const items = children.data.pages.flatMap((page) => page.items)
  if (items.length === 0) {
    return (
      <EmptyState title="No child sagas">
        A saga step starts one child; a map starts one per item. This run has started none.
      </EmptyState>
    )
  }
  return (
    <>
      <ul className="divide-y border-b">
        {items.map((child) => (
          <li key={child.sagaId}>
            <Link
              href={`/runs/${encodeURIComponent(child.sagaId)}`}
              className="flex min-h-10 items-center gap-3 px-4 py-1.5 hover:bg-surface-2"
            >
              <StatusBadge saga={child.status} />
              <span className="min-w-0 flex-1 truncate">
                {child.name}
                <span className="ml-2 font-mono text-text-3 text-xs">
                  {child.sagaId.startsWith(`${sagaId}.`)
                    ? child.sagaId.slice(sagaId.length)
                    : child.sagaId}
                </span>
              </span>
              <Elapsed
                from={child.startedAt}
                to={child.completedAt}
                className="shrink-0 text-text-3"
              />
            </Link>
          </li>
        ))}
      </ul>
      {children.hasNextPage ? (
        <div className="p-2 text-center">
          <Button
            size="sm"
            variant="ghost"
            loading={children.isFetchingNextPage}
            onClick={() => void children.fetchNextPage()}
          >
            Show more
          </Button>
        </div>
      ) : null}
    </>
  )
}
