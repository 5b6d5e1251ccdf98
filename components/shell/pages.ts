/** The product's pages, in the order of the navigation. */
import { Activity, Gavel, House, type LucideIcon, PlugZap, Settings, Workflow } from 'lucide-react'

export interface PageLink {
  href: string
  title: string
  icon: LucideIcon
  /** Pressed after `g`. */
  key: string
}

export const PAGES: readonly PageLink[] = [
  { href: '/', title: 'Overview', icon: House, key: 'o' },
  { href: '/runs', title: 'Runs', icon: Activity, key: 'r' },
  { href: '/approvals', title: 'Approvals', icon: Gavel, key: 'a' },
  { href: '/sagas', title: 'Sagas', icon: Workflow, key: 's' },
  { href: '/participants', title: 'Participants', icon: PlugZap, key: 'p' },
  { href: '/settings', title: 'Settings', icon: Settings, key: 't' },
]

export function isCurrent(href: string, pathname: string): boolean {
  return href === '/' ? pathname === '/' : pathname === href || pathname.startsWith(`${href}/`)
}
