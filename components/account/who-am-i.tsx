'use client'

/** The signed-in person, and what their roles allow. */
import { LogOut } from 'lucide-react'
import { signOut } from 'next-auth/react'
import { useMe } from '../shell/me'
import { useTheme } from '../shell/theme'
import { Badge } from '../ui/badge'
import { Button } from '../ui/button'
import { ErrorState } from '../ui/error-state'
import { errorWords } from '../ui/error-words'
import { Facts } from '../ui/facts'
import { Select } from '../ui/select'
import { Skeleton } from '../ui/skeleton'
import { PERMISSION_WORDS } from './permission-words'
import { Section } from './section'

export function WhoAmI() {
  const me = useMe()
  const { theme, set } = useTheme()
  if (me.isPending) return <Skeleton className="h-40" />
  if (me.isError) {
    return (
      <ErrorState
        what="load your account"
        error={{ message: errorWords(me.error) }}
        onRetry={() => void me.refetch()}
      />
    )
  }
  if (!me.data) return null
  const { name, email, roles, permissions } = me.data
  return (
    <>
      <Section
        title={name}
        action={
          <Button
            icon={<LogOut size={14} aria-hidden />}
            onClick={() => void signOut({ callbackUrl: '/sign-in' })}
          >
            Sign out
          </Button>
        }
      >
        <div className="rounded-lg border bg-surface-1 p-4">
          <Facts
            items={[
              ['E-mail', email],
              [
                'Roles',
                <span key="roles" className="flex flex-wrap gap-1">
                  {roles.map((role) => (
                    <Badge key={role}>{role.toLowerCase()}</Badge>
                  ))}
                </span>,
              ],
              [
                'Theme',
                <Select
                  key="theme"
                  label="Theme"
                  quiet
                  value={theme}
                  onChange={set}
                  className="max-w-48"
                  options={[
                    { value: 'system', label: 'Like the system' },
                    { value: 'light', label: 'Light' },
                    { value: 'dark', label: 'Dark' },
                  ]}
                />,
              ],
            ]}
          />
        </div>
      </Section>
      <Section title="What you may do">
        <ul className="grid gap-x-6 rounded-lg border bg-surface-1 p-4 md:grid-cols-2">
          {permissions.map((permission) => (
            <li key={permission} className="flex min-h-7 items-center justify-between gap-3">
              <span>{PERMISSION_WORDS[permission] ?? permission}</span>
              <code className="font-mono text-text-3 text-xs">{permission}</code>
            </li>
          ))}
        </ul>
      </Section>
    </>
  )
}
