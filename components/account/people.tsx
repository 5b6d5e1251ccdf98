'use client'

/** Who may sign in, with which roles. For admins. */
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { Link2, Pencil, Plus } from 'lucide-react'
import { type FormEvent, useId, useState } from 'react'
import { toast } from 'sonner'
import type { UserItem } from '@/server/api/contract'
import { apiErrorData, useTRPC } from '../api'
import { Badge } from '../ui/badge'
import { Button } from '../ui/button'
import { Checkbox } from '../ui/checkbox'
import { Dialog } from '../ui/dialog'
import { EmptyState } from '../ui/empty-state'
import { ErrorState } from '../ui/error-state'
import { errorWords } from '../ui/error-words'
import { Field } from '../ui/field'
import { IconButton } from '../ui/icon-button'
import { Input } from '../ui/input'
import { RelativeTime } from '../ui/relative-time'
import { SecretDialog } from '../ui/secret-dialog'
import { SkeletonRows } from '../ui/skeleton'
import { Switch } from '../ui/switch'
import { Table, TableHead, Td, Th, Tr } from '../ui/table'
import { Section } from './section'

const ROLES = [
  ['ANALYST', 'Analyst', 'draws, publishes and starts sagas'],
  ['OPERATOR', 'Operator', 'steers runs and participants'],
  ['CHAIRMAN', 'Chairman', 'decides at gates, rolls back by force'],
  ['ADMIN', 'Admin', 'everything, people included'],
] as const

export function People({ refusal }: { refusal: string | null }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [editing, setEditing] = useState<UserItem | 'new' | null>(null)
  const [link, setLink] = useState<{ name: string; url: string } | null>(null)
  const people = useInfiniteQuery(
    trpc.users.list.infiniteQueryOptions(
      { limit: 100 },
      { getNextPageParam: (last) => last.nextCursor, enabled: refusal === null },
    ),
  )
  const makeLink = useMutation(
    trpc.users.createSignInLink.mutationOptions({
      onError: (error) => void toast.error('No link was made', { description: errorWords(error) }),
    }),
  )

  if (refusal) {
    return <EmptyState title="People are for admins">{refusal}</EmptyState>
  }
  const items = people.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <>
      <Section
        title="People"
        hint="Who may sign in. A sign-in link works once, for a day."
        action={
          <Button
            variant="primary"
            icon={<Plus size={14} aria-hidden />}
            onClick={() => setEditing('new')}
          >
            Add a person
          </Button>
        }
      >
        {people.isPending ? (
          <SkeletonRows rows={4} />
        ) : people.isError ? (
          <ErrorState
            what="load the people"
            error={{ message: errorWords(people.error) }}
            onRetry={() => void people.refetch()}
          />
        ) : (
          <Table label="People" className="min-w-140">
            <TableHead>
              <Th>Name</Th>
              <Th>Roles</Th>
              <Th>Last seen</Th>
              <Th>
                <span className="sr-only">Actions</span>
              </Th>
            </TableHead>
            <tbody>
              {items.map((person) => (
                <Tr key={person.id}>
                  <Td className="py-1.5">
                    <span className="block font-medium">{person.name}</span>
                    <span className="text-text-3 text-xs">{person.email}</span>
                  </Td>
                  <Td>
                    <span className="flex flex-wrap gap-1">
                      {person.roles.map((role) => (
                        <Badge key={role}>{role.toLowerCase()}</Badge>
                      ))}
                      {person.disabled ? <Badge tone="cancelled">disabled</Badge> : null}
                    </span>
                  </Td>
                  <Td className="text-text-2">
                    {person.lastSeenAt ? <RelativeTime at={person.lastSeenAt} /> : 'never'}
                  </Td>
                  <Td>
                    <span className="flex justify-end">
                      <IconButton
                        label={`Make a sign-in link for ${person.name}`}
                        icon={<Link2 size={14} aria-hidden />}
                        disabledReason={person.disabled ? 'This person is disabled' : null}
                        onClick={() =>
                          makeLink.mutate(
                            { userId: person.id },
                            { onSuccess: ({ url }) => setLink({ name: person.name, url }) },
                          )
                        }
                      />
                      <IconButton
                        label={`Edit ${person.name}`}
                        icon={<Pencil size={14} aria-hidden />}
                        onClick={() => setEditing(person)}
                      />
                    </span>
                  </Td>
                </Tr>
              ))}
            </tbody>
          </Table>
        )}
        {people.hasNextPage ? (
          <Button
            className="self-center"
            loading={people.isFetchingNextPage}
            onClick={() => void people.fetchNextPage()}
          >
            Show more
          </Button>
        ) : null}
      </Section>
      {editing ? (
        <PersonDialog
          key={editing === 'new' ? 'new' : editing.id}
          person={editing === 'new' ? null : editing}
          onClose={() => setEditing(null)}
          onSaved={async () => {
            setEditing(null)
            await queryClient.invalidateQueries({ queryKey: trpc.users.pathKey() })
          }}
        />
      ) : null}
      {link ? (
        <SecretDialog
          title={`Sign-in link for ${link.name}`}
          value={link.url}
          onClose={() => setLink(null)}
        >
          Whoever opens it signs in as {link.name}. It works once and for one day.
        </SecretDialog>
      ) : null}
    </>
  )
}

function PersonDialog({
  person,
  onClose,
  onSaved,
}: {
  person: UserItem | null
  onClose: () => void
  onSaved: () => Promise<void>
}) {
  const trpc = useTRPC()
  const formId = useId()
  const [draft, setDraft] = useState({
    name: person?.name ?? '',
    email: person?.email ?? '',
    roles: person?.roles ?? [],
    password: '',
    disabled: person?.disabled ?? false,
  })
  const save = useMutation(trpc.users.save.mutationOptions({ onSuccess: onSaved }))
  const problems: Record<string, string> = {}
  for (const issue of apiErrorData(save.error)?.issues ?? []) {
    problems[String(issue.path[0])] ??= issue.message
  }

  function submit(event: FormEvent) {
    event.preventDefault()
    const { password, ...rest } = draft
    save.mutate({
      ...rest,
      ...(person ? { id: person.id } : {}),
      ...(password ? { password } : {}),
    })
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={person ? person.name : 'Add a person'}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Close
          </Button>
          <Button type="submit" form={formId} variant="primary" loading={save.isPending}>
            Save
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Name" error={problems.name}>
          <Input
            required
            maxLength={120}
            value={draft.name}
            onChange={(event) => setDraft({ ...draft, name: event.target.value })}
          />
        </Field>
        <Field label="E-mail" error={problems.email}>
          <Input
            required
            type="email"
            maxLength={320}
            value={draft.email}
            onChange={(event) => setDraft({ ...draft, email: event.target.value })}
          />
        </Field>
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1 font-medium text-sm">Roles</legend>
          {ROLES.map(([role, title, does]) => (
            <div key={role} className="flex items-center gap-2.5">
              <Checkbox
                label={`${title}: ${does}`}
                checked={draft.roles.includes(role)}
                onChange={(on) =>
                  setDraft({
                    ...draft,
                    roles: on
                      ? [...draft.roles, role]
                      : draft.roles.filter((each) => each !== role),
                  })
                }
              />
              <span aria-hidden>
                {title} <span className="text-text-3">{does}</span>
              </span>
            </div>
          ))}
        </fieldset>
        <Field
          label="Password"
          optional
          hint={
            person
              ? 'At least 12 characters; left empty it stays as it is.'
              : 'At least 12 characters; without one they sign in by link or provider.'
          }
          error={problems.password}
        >
          <Input
            type="password"
            autoComplete="new-password"
            minLength={12}
            maxLength={256}
            value={draft.password}
            onChange={(event) => setDraft({ ...draft, password: event.target.value })}
          />
        </Field>
        {person ? (
          <Switch
            checked={draft.disabled}
            onChange={(disabled) => setDraft({ ...draft, disabled })}
            label="Disabled"
            hint="Signed out at once, their keys refused, until enabled again."
          />
        ) : null}
        {save.error ? (
          <p role="alert" className="text-state-failed">
            {errorWords(save.error)}
          </p>
        ) : null}
      </form>
    </Dialog>
  )
}
