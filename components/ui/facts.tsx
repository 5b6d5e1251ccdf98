/** A list of names and values, two columns. */
import type { ReactNode } from 'react'

export function Facts({ items }: { items: readonly (readonly [string, ReactNode] | null)[] }) {
  return (
    <dl className="grid grid-cols-[8rem_1fr] gap-x-3 gap-y-1.5">
      {items.map((item) =>
        item ? (
          <div key={item[0]} className="contents">
            <dt className="text-text-3">{item[0]}</dt>
            <dd className="min-w-0 break-words">{item[1]}</dd>
          </div>
        ) : null,
      )}
    </dl>
  )
}
