'use client'

/** Who is signed in, the theme, and the way out. */
import { LogOut, Monitor, Moon, Settings, Sun } from 'lucide-react'
import { signOut } from 'next-auth/react'
import type { ReactElement } from 'react'
import { Menu, MenuItem, MenuLabel, MenuLink, MenuRadioGroup, MenuSeparator } from '../ui/menu'
import { useMe } from './me'
import { type Theme, useTheme } from './theme'

const THEMES = [
  { value: 'system', label: 'Like the system', icon: <Monitor size={14} aria-hidden /> },
  { value: 'light', label: 'Light', icon: <Sun size={14} aria-hidden /> },
  { value: 'dark', label: 'Dark', icon: <Moon size={14} aria-hidden /> },
] as const satisfies readonly { value: Theme; label: string; icon: ReactElement }[]

export function UserMenu({ compact = false }: { compact?: boolean }) {
  const { data: me } = useMe()
  const { theme, set } = useTheme()
  return (
    <Menu
      align="start"
      side={compact ? 'right' : 'top'}
      trigger={
        <button
          type="button"
          className="flex h-9 min-w-0 flex-1 items-center gap-2 rounded-md px-1.5 text-left hover:bg-surface-3 data-popup-open:bg-surface-3"
        >
          <Avatar name={me?.name ?? '?'} />
          <span className={compact ? 'sr-only' : 'min-w-0 flex-1 truncate font-medium text-sm'}>
            {me?.name ?? ' '}
            <span className="sr-only">, account</span>
          </span>
        </button>
      }
    >
      {me ? (
        <MenuLabel>
          {me.email}
          <br />
          {me.roles.map((role) => role.toLowerCase()).join(', ')}
        </MenuLabel>
      ) : null}
      <MenuLink href="/settings" icon={<Settings size={14} aria-hidden />}>
        Settings
      </MenuLink>
      <MenuSeparator />
      <MenuLabel>Theme</MenuLabel>
      <MenuRadioGroup label="Theme" value={theme} onChange={set} options={THEMES} />
      <MenuSeparator />
      <MenuItem
        icon={<LogOut size={14} aria-hidden />}
        onSelect={() => void signOut({ callbackUrl: '/sign-in' })}
      >
        Sign out
      </MenuItem>
    </Menu>
  )
}

export function Avatar({ name }: { name: string }) {
  const initials = name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word[0]?.toUpperCase() ?? '')
    .join('')
  return (
    <span
      aria-hidden
      className="grid size-6 shrink-0 place-items-center rounded-full bg-surface-3 font-medium text-2xs text-text-2"
    >
      {initials}
    </span>
  )
}
