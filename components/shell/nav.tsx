'use client'

/** The navigation: a column on wide screens (224 px, or 48 collapsed), a row at the bottom on phones. */
import { Ellipsis, PanelLeftClose, PanelLeftOpen, Search } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { cn } from '../ui/cn'
import { IconButton } from '../ui/icon-button'
import { Kbd } from '../ui/kbd'
import { Menu, MenuLabel, MenuLink, MenuRadioGroup, MenuSeparator } from '../ui/menu'
import { Tooltip } from '../ui/tooltip'
import { HealthLine } from './health-line'
import { Logo } from './logo'
import { isCurrent, PAGES, type PageLink } from './pages'
import { useShell } from './shell-counts'
import { useTheme } from './theme'
import { UserMenu } from './user-menu'

export function SideNav({
  collapsed,
  onCollapse,
  onSearch,
}: {
  collapsed: boolean
  onCollapse: (collapsed: boolean) => void
  onSearch: () => void
}) {
  const pathname = usePathname()
  const badges = useBadges()
  return (
    <nav
      aria-label="Main"
      className={cn(
        'hidden shrink-0 flex-col border-r bg-canvas transition-[width] duration-200 md:flex',
        collapsed ? 'w-12' : 'w-56',
      )}
    >
      <div className={cn('flex h-12 items-center px-3', collapsed ? 'justify-center' : 'gap-2')}>
        <Link href="/" className="flex items-center gap-2 rounded-sm font-semibold text-base">
          <Logo />
          {collapsed ? <span className="sr-only">Sagawright</span> : 'Sagawright'}
        </Link>
      </div>
      <div className="px-2 pb-2">
        {collapsed ? (
          <IconButton
            label="Search"
            keys="mod+k"
            side="right"
            icon={<Search size={16} aria-hidden />}
            onClick={onSearch}
          />
        ) : (
          <button
            type="button"
            onClick={onSearch}
            className="flex h-8 w-full items-center gap-2 rounded-md border bg-surface-1 px-2 text-sm text-text-3 hover:border-border-control hover:text-text-2"
          >
            <Search size={14} aria-hidden />
            <span className="flex-1 text-left">Search or run…</span>
            <Kbd keys="mod+k" />
          </button>
        )}
      </div>
      <ul className="flex flex-col gap-0.5 px-2">
        {PAGES.map((page) => (
          <li key={page.href}>
            <NavItem
              page={page}
              current={isCurrent(page.href, pathname)}
              collapsed={collapsed}
              badge={badges[page.href]}
            />
          </li>
        ))}
      </ul>
      <div className="mt-auto flex flex-col gap-1 p-2">
        <HealthLine compact={collapsed} />
        <div className={cn('flex items-center gap-1', collapsed && 'flex-col')}>
          <UserMenu compact={collapsed} />
          <IconButton
            label={collapsed ? 'Widen the navigation' : 'Collapse the navigation'}
            keys="["
            side="right"
            icon={
              collapsed ? (
                <PanelLeftOpen size={16} aria-hidden />
              ) : (
                <PanelLeftClose size={16} aria-hidden />
              )
            }
            onClick={() => onCollapse(!collapsed)}
          />
        </div>
      </div>
    </nav>
  )
}

function NavItem({
  page,
  current,
  collapsed,
  badge,
}: {
  page: PageLink
  current: boolean
  collapsed: boolean
  badge: Badge | undefined
}) {
  const Icon = page.icon
  const link = (
    <Link
      href={page.href}
      aria-current={current ? 'page' : undefined}
      className={cn(
        'relative flex h-8 items-center gap-2.5 rounded-md px-2 text-sm transition-colors hover:bg-surface-3',
        current ? 'bg-surface-3 font-medium text-text' : 'text-text-2',
        collapsed && 'justify-center px-0',
      )}
    >
      <Icon size={16} strokeWidth={1.75} className="shrink-0" aria-hidden />
      {collapsed ? (
        <span className="sr-only">{page.title}</span>
      ) : (
        <span className="flex-1">{page.title}</span>
      )}
      {badge ? <BadgeCount badge={badge} collapsed={collapsed} /> : null}
    </Link>
  )
  return collapsed ? (
    <Tooltip text={page.title} side="right">
      {link}
    </Tooltip>
  ) : (
    link
  )
}

interface Badge {
  count: number
  /** For screen readers, e.g. `3 waiting for a decision`. */
  words: string
}

function useBadges(): Record<string, Badge | undefined> {
  const { data } = useShell()
  if (!data) return {}
  return {
    '/approvals': data.openGates
      ? { count: data.openGates, words: `${data.openGates} waiting for a decision` }
      : undefined,
    '/runs': data.needsAttention
      ? { count: data.needsAttention, words: `${data.needsAttention} need attention` }
      : undefined,
  }
}

function BadgeCount({ badge, collapsed }: { badge: Badge; collapsed: boolean }) {
  return (
    <span
      className={cn(
        'grid h-4.5 min-w-4.5 place-items-center rounded-full bg-accent-fill px-1 font-medium text-2xs text-white tabular-nums',
        collapsed && '-top-0.5 -right-0.5 absolute h-4 min-w-4 scale-90',
      )}
    >
      <span aria-hidden>{badge.count > 99 ? '99+' : badge.count}</span>
      <span className="sr-only">{badge.words}</span>
    </span>
  )
}

export function BottomNav() {
  const pathname = usePathname()
  const badges = useBadges()
  const { theme, set } = useTheme()
  const shown = PAGES.slice(0, 4)
  return (
    <nav
      aria-label="Main"
      className="flex h-14 shrink-0 items-stretch border-t bg-surface-1 pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {shown.map((page) => {
        const Icon = page.icon
        const current = isCurrent(page.href, pathname)
        const badge = badges[page.href]
        return (
          <Link
            key={page.href}
            href={page.href}
            aria-current={current ? 'page' : undefined}
            className={cn(
              'relative flex min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-2xs',
              current ? 'font-medium text-accent' : 'text-text-2',
            )}
          >
            <Icon size={18} strokeWidth={1.75} aria-hidden />
            {page.title}
            {badge ? (
              <span className="absolute top-1 left-[calc(50%+6px)]">
                <BadgeCount badge={badge} collapsed={false} />
              </span>
            ) : null}
          </Link>
        )
      })}
      <Menu
        side="top"
        trigger={
          <button
            type="button"
            className="flex min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-2xs text-text-2"
          >
            <Ellipsis size={18} aria-hidden />
            More
          </button>
        }
      >
        {PAGES.slice(4).map((page) => (
          <MenuLink key={page.href} href={page.href} icon={<page.icon size={14} aria-hidden />}>
            {page.title}
          </MenuLink>
        ))}
        <MenuSeparator />
        <MenuLabel>Theme</MenuLabel>
        <MenuRadioGroup
          label="Theme"
          value={theme}
          onChange={set}
          options={[
            { value: 'system', label: 'Like the system' },
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
          ]}
        />
      </Menu>
    </nav>
  )
}
