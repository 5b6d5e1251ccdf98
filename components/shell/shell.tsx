'use client'

/**
 * The frame of every page: navigation, palette, shortcuts, skip link. Pages fill `<main>` and bring their own PageBar.
 */
import { usePathname, useRouter } from 'next/navigation'
import { type ReactNode, useEffect, useState } from 'react'
import { useActionKeys, useActions } from './actions'
import { BottomNav, SideNav } from './nav'
import { PAGES } from './pages'
import { Palette } from './palette'
import { ShortcutSheet } from './shortcut-sheet'
import { useTheme } from './theme'

const COLLAPSED_KEY = 'sagawright.nav-collapsed'

export function Shell({ children }: { children: ReactNode }) {
  const pathname = usePathname()
  // Signing in comes before everything the frame offers.
  if (pathname.startsWith('/sign-in')) return <main id="main">{children}</main>
  return <Frame>{children}</Frame>
}

function Frame({ children }: { children: ReactNode }) {
  const router = useRouter()
  const { resolved, set } = useTheme()
  const [palette, setPalette] = useState(false)
  const [sheet, setSheet] = useState(false)
  const [collapsed, setCollapsed] = useState(false)
  useEffect(() => setCollapsed(localStorage.getItem(COLLAPSED_KEY) === 'yes'), [])
  const collapse = (next: boolean) => {
    setCollapsed(next)
    localStorage.setItem(COLLAPSED_KEY, next ? 'yes' : 'no')
  }

  useActionKeys()
  useActions([
    {
      id: 'shell.palette',
      title: 'Search or run a command',
      group: 'Everywhere',
      keys: 'mod+k',
      everywhere: true,
      keysOnly: true,
      run: () => setPalette((open) => !open),
    },
    {
      id: 'shell.shortcuts',
      title: 'Show the shortcuts',
      group: 'Everywhere',
      keys: '?',
      run: () => setSheet(true),
    },
    {
      id: 'shell.collapse',
      title: collapsed ? 'Widen the navigation' : 'Collapse the navigation',
      group: 'Everywhere',
      keys: '[',
      run: () => collapse(!collapsed),
    },
    {
      id: 'shell.theme',
      title: resolved === 'dark' ? 'Use the light theme' : 'Use the dark theme',
      group: 'Everywhere',
      run: () => set(resolved === 'dark' ? 'light' : 'dark'),
    },
    ...PAGES.map((page) => ({
      id: `go.${page.href}`,
      title: `Go to ${page.title}`,
      group: 'Everywhere',
      keys: `g ${page.key}`,
      keysOnly: true,
      run: () => router.push(page.href),
    })),
  ])

  return (
    <div className="flex h-full flex-col md:flex-row">
      <a
        href="#main"
        className="-top-20 fixed left-3 z-50 rounded-md bg-accent-fill px-3 py-2 font-medium text-white focus:top-3"
      >
        Skip to content
      </a>
      <SideNav collapsed={collapsed} onCollapse={collapse} onSearch={() => setPalette(true)} />
      <main id="main" tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col outline-none">
        {children}
      </main>
      <BottomNav />
      <Palette open={palette} onOpenChange={setPalette} />
      <ShortcutSheet open={sheet} onOpenChange={setSheet} />
    </div>
  )
}
