'use client'

/** A JSON value as text, copyable, bounded in height and length. Keys are quieter than values. */
import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { cn } from './cn'
import { IconButton } from './icon-button'

/** Characters drawn; the whole is still copied. */
const SHOWN = 50_000

export function JsonView({
  value,
  label,
  className,
}: {
  value: unknown
  /** Accessible name, e.g. `Output`. */
  label: string
  className?: string
}) {
  const [copied, setCopied] = useState(false)
  const text = value === undefined ? '–' : JSON.stringify(value, null, 2)
  return (
    <div className={cn('group relative rounded-md border bg-canvas', className)}>
      <section
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        className="max-h-72 overflow-auto rounded-md"
      >
        <pre className="whitespace-pre-wrap break-words p-2.5 pr-9 font-mono text-xs">
          {pieces(text.slice(0, SHOWN))}
          {text.length > SHOWN ? `\n… ${text.length - SHOWN} more characters` : null}
        </pre>
      </section>
      <span className="absolute top-1 right-1 opacity-0 focus-within:opacity-100 group-hover:opacity-100">
        <IconButton
          label={copied ? 'Copied' : `Copy ${label.toLowerCase()}`}
          size="sm"
          icon={copied ? <Check size={13} aria-hidden /> : <Copy size={13} aria-hidden />}
          onClick={async () => {
            await navigator.clipboard.writeText(text)
            setCopied(true)
          }}
          onBlur={() => setCopied(false)}
        />
      </span>
    </div>
  )
}

function pieces(text: string) {
  return text.split(/("(?:[^"\\]|\\.)*"(?=:))/g).map((piece, index) =>
    index % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the text is replaced as a whole
      <span key={index} className="text-text-3">
        {piece}
      </span>
    ) : (
      piece
    ),
  )
}
