'use client'

/**
 * Dark, light or the system's theme. The preference lives in localStorage; `data-theme` on <html> holds what it
 * resolves to, and is set by `THEME_SCRIPT` before the first paint, so that no page flashes.
 */
import { useSyncExternalStore } from 'react'
import { THEME_KEY } from './theme-script'

export type Theme = 'system' | 'dark' | 'light'

const listeners = new Set<() => void>()

export function useTheme(): { theme: Theme; resolved: 'dark' | 'light'; set: (t: Theme) => void } {
  const state = useSyncExternalStore<string>(subscribe, read, () => 'system dark')
  const [theme, resolved] = state.split(' ') as [Theme, 'dark' | 'light']
  return { theme, resolved, set: setTheme }
}

export function setTheme(theme: Theme): void {
  localStorage.setItem(THEME_KEY, theme)
  apply()
}

function read(): string {
  return `${preference()} ${resolve(preference())}`
}

function preference(): Theme {
  const stored = localStorage.getItem(THEME_KEY)
  return stored === 'dark' || stored === 'light' ? stored : 'system'
}

function resolve(theme: Theme): 'dark' | 'light' {
  if (theme !== 'system') return theme
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

function apply(): void {
  document.documentElement.dataset.theme = resolve(preference())
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  const media = matchMedia('(prefers-color-scheme: dark)')
  if (listeners.size === 0) {
    media.addEventListener('change', apply)
    addEventListener('storage', apply)
  }
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    media.removeEventListener('change', apply)
    removeEventListener('storage', apply)
  }
}
