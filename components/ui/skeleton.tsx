/** Stands where content will be. It appears after 200 ms, so that a fast answer shows no skeleton at all. */
import { cn } from './cn'

export function Skeleton({ className }: { className?: string }) {
  return (
    <span aria-hidden className={cn('block animate-appear rounded-md bg-surface-3', className)} />
  )
}

/** Rows of a list or table while it loads. Says so once to screen readers. */
export function SkeletonRows({ rows = 8, className }: { rows?: number; className?: string }) {
  return (
    <div role="status" className="animate-appear">
      <span className="sr-only">Loading</span>
      {Array.from({ length: rows }, (_, index) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
          key={index}
          className={cn('flex h-10 items-center gap-4 border-b px-4', className)}
        >
          <Skeleton className="h-3 w-24" />
          <Skeleton className="h-3 flex-1" />
          <Skeleton className="h-3 w-16" />
        </div>
      ))}
    </div>
  )
}
