/**
 * Draws a shortcut such as `mod+k` or `g r` as keys. `mod` is Ctrl, or Command on Apple machines.
 */
import { isApple } from './platform'

const NAMES: Record<string, string> = {
  shift: '⇧',
  alt: 'Alt',
  enter: '↵',
  escape: 'Esc',
  delete: 'Del',
  backspace: '⌫',
  f2: 'F2',
  arrowup: '↑',
  arrowdown: '↓',
}

/** The plus between two keys, not the key. */
const BETWEEN = / |(?<=.)\+(?=.)/

export function Kbd({ keys }: { keys: string }) {
  return (
    <span className="inline-flex shrink-0 items-center gap-0.5" aria-hidden>
      {keys.split(BETWEEN).map((key, index) => (
        <kbd
          // biome-ignore lint/suspicious/noArrayIndexKey: the same key may occur twice and the list never changes
          key={index}
          className="min-w-4 rounded-sm border bg-surface-1 px-1 text-center font-sans text-2xs text-text-2"
          suppressHydrationWarning
        >
          {label(key)}
        </kbd>
      ))}
    </span>
  )
}

function label(key: string): string {
  if (key === 'mod') return isApple() ? '⌘' : 'Ctrl'
  return NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key)
}
