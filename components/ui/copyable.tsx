'use client'

/** An id or secret in mono that copies on click. Long ids are shortened in the middle; the whole one is copied. */
import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { cn } from './cn'
import { Tooltip } from './tooltip'

export function Copyable({
  value,
  shown,
  what = 'id',
  className,
}: {
  value: string
  /** What to show instead of the whole value. */
  shown?: string
  what?: string
  className?: string
}) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 1500)
    return () => clearTimeout(timer)
  }, [copied])
  return (
    <Tooltip text={copied ? 'Copied' : `Copy ${what}: ${value}`}>
      <button
        type="button"
        onClick={async (event) => {
          event.stopPropagation()
          event.preventDefault()
          await navigator.clipboard.writeText(value)
          setCopied(true)
        }}
        className={cn(
          'group inline-flex min-h-6 max-w-full items-center gap-1 rounded-sm font-mono text-text-2 text-xs hover:text-text',
          className,
        )}
      >
        <span className="sr-only">Copy {what} </span>
        <span className="truncate">{shown ?? shortId(value)}</span>
        {copied ? (
          <Check size={12} className="shrink-0 text-state-completed" aria-hidden />
        ) : (
          <Copy size={12} className="shrink-0 opacity-40 group-hover:opacity-100" aria-hidden />
        )}
      </button>
    </Tooltip>
  )
}

/** Keeps the start and the end, which is where ids differ. */
export function shortId(id: string): string {
  return id.length <= 20 ? id : `${id.slice(0, 8)}…${id.slice(-6)}`
}
