'use client'

/** Keys by which services call the API: made with scopes, shown once, revoked at any time. */
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { KeyRound, Plus } from 'lucide-react'
import { type FormEvent, useId, useState } from 'react'
import type { ApiKeyItem } from '@/server/api/contract'
import { useTRPC } from '../api'
import { useMe, useRefusal } from '../shell/me'
import { Badge } from '../ui/badge'
import { Button } from '../ui/button'
import { Checkbox } from '../ui/checkbox'
import { ConfirmDialog } from '../ui/confirm-dialog'
import { Dialog } from '../ui/dialog'
import { EmptyState } from '../ui/empty-state'
import { ErrorState } from '../ui/error-state'
import { errorWords } from '../ui/error-words'
import { Field } from '../ui/field'
import { Input } from '../ui/input'
import { RelativeTime } from '../ui/relative-time'
import { SecretDialog } from '../ui/secret-dialog'
import { Select } from '../ui/select'
import { SkeletonRows } from '../ui/skeleton'
import { Switch } from '../ui/switch'
import { Table, TableHead, Td, Th, Tr } from '../ui/table'
import { PERMISSION_WORDS } from './permission-words'
import { Section } from './section'

export function ApiKeys() {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const may = useRefusal()
  const refusal = may('key:manage')
  const mayAll = may('user:manage') === null
  const [all, setAll] = useState(false)
  const [creating, setCreating] = useState(false)
  const [revoking, setRevoking] = useState<ApiKeyItem | null>(null)
  const [made, setMade] = useState<{ name: string; key: string } | null>(null)
  const keys = useInfiniteQuery(
    trpc.apiKeys.list.infiniteQueryOptions(
      { limit: 100, all: all && mayAll },
      { getNextPageParam: (last) => last.nextCursor, enabled: refusal === null },
    ),
  )
  const revoke = useMutation(trpc.apiKeys.revoke.mutationOptions())
  const refresh = () => queryClient.invalidateQueries({ queryKey: trpc.apiKeys.pathKey() })
  const items = keys.data?.pages.flatMap((page) => page.items) ?? []
  const create = (
    <Button
      variant="primary"
      icon={<Plus size={14} aria-hidden />}
      disabledReason={refusal}
      onClick={() => setCreating(true)}
    >
      Make a key
    </Button>
  )

  return (
    <>
      <Section
        title="API keys"
        hint="A service sends its key as “Authorization: Bearer sgw_…”. A key may do what its scopes say, and never more than its owner."
        action={items.length > 0 ? create : undefined}
      >
        {mayAll ? <Switch checked={all} onChange={setAll} label="Show everybody’s keys" /> : null}
        {refusal ? (
          <EmptyState title="No keys for you">{refusal}</EmptyState>
        ) : keys.isPending ? (
          <SkeletonRows rows={3} />
        ) : keys.isError ? (
          <ErrorState
            what="load the keys"
            error={{ message: errorWords(keys.error) }}
            onRetry={() => void keys.refetch()}
          />
        ) : items.length === 0 ? (
          <EmptyState
            icon={<KeyRound size={24} aria-hidden />}
            title="Make the first key"
            action={create}
            className="rounded-lg border bg-surface-1"
          >
            With a key a service starts sagas and follows them, as this page does.
          </EmptyState>
        ) : (
          <Table label="API keys" className="min-w-160">
            <TableHead>
              <Th>Key</Th>
              <Th>Scopes</Th>
              <Th>Last used</Th>
              <Th>Expires</Th>
              <Th>
                <span className="sr-only">Actions</span>
              </Th>
            </TableHead>
            <tbody>
              {items.map((key) => (
                <Tr key={key.id}>
                  <Td className="py-1.5">
                    <span className="block font-medium">{key.name}</span>
                    <span className="text-text-3 text-xs">
                      <code className="font-mono">{key.prefix}…</code> · {key.ownerName}
                    </span>
                  </Td>
                  <Td className="py-1.5">
                    <span className="flex flex-wrap gap-1">
                      {key.scopes.map((scope) => (
                        <Badge key={scope} className="font-mono font-normal">
                          {scope}
                        </Badge>
                      ))}
                    </span>
                  </Td>
                  <Td className="whitespace-nowrap text-text-2">
                    {key.lastUsedAt ? <RelativeTime at={key.lastUsedAt} /> : 'never'}
                  </Td>
                  <Td className="whitespace-nowrap text-text-2">
                    {key.revokedAt ? (
                      <Badge tone="cancelled">Revoked</Badge>
                    ) : key.expiresAt ? (
                      <RelativeTime at={key.expiresAt} />
                    ) : (
                      'never'
                    )}
                  </Td>
                  <Td className="text-right">
                    {key.revokedAt ? null : (
                      <Button size="sm" onClick={() => setRevoking(key)}>
                        Revoke…
                      </Button>
                    )}
                  </Td>
                </Tr>
              ))}
            </tbody>
          </Table>
        )}
        {keys.hasNextPage ? (
          <Button
            className="self-center"
            loading={keys.isFetchingNextPage}
            onClick={() => void keys.fetchNextPage()}
          >
            Show more
          </Button>
        ) : null}
      </Section>
      {creating ? (
        <CreateKey
          onClose={() => setCreating(false)}
          onMade={async (key) => {
            setCreating(false)
            setMade(key)
            await refresh()
          }}
        />
      ) : null}
      {made ? (
        <SecretDialog title={`Key for ${made.name}`} value={made.key} onClose={() => setMade(null)}>
          Keep it where the service keeps its secrets.
        </SecretDialog>
      ) : null}
      {revoking ? (
        <ConfirmDialog
          open
          danger
          asksReason={false}
          onOpenChange={(open) => !open && setRevoking(null)}
          title={`Revoke “${revoking.name}”?`}
          verb="Revoke the key"
          consequences={[
            'Calls with this key are refused at once.',
            'Runs that it started go on.',
            'It cannot be brought back; make a new one instead.',
          ]}
          onConfirm={async () => {
            await revoke.mutateAsync({ id: revoking.id }).catch((error) => {
              throw new Error(errorWords(error))
            })
            await refresh()
          }}
        />
      ) : null}
    </>
  )
}

const EXPIRIES = [
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: 'never', label: 'Never' },
] as const

function CreateKey({
  onClose,
  onMade,
}: {
  onClose: () => void
  onMade: (made: { name: string; key: string }) => Promise<void>
}) {
  const trpc = useTRPC()
  const formId = useId()
  const { data: me } = useMe()
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<string[]>(['saga:start', 'saga:read'])
  const [expiry, setExpiry] = useState<(typeof EXPIRIES)[number]['value']>('90')
  const create = useMutation(trpc.apiKeys.create.mutationOptions())

  async function submit(event: FormEvent) {
    event.preventDefault()
    try {
      const { key } = await create.mutateAsync({
        name,
        scopes,
        expiresInDays: expiry === 'never' ? null : Number(expiry),
      })
      await onMade({ name, key })
    } catch {
      // Shown from `create.error`.
    }
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Make a key"
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Close
          </Button>
          <Button
            type="submit"
            form={formId}
            variant="primary"
            loading={create.isPending}
            disabledReason={scopes.length === 0 ? 'Choose at least one scope' : null}
          >
            Make the key
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Name" hint="Which service uses it.">
          <Input
            required
            maxLength={120}
            value={name}
            placeholder="Billing service"
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1 font-medium text-sm">Scopes</legend>
          {(me?.permissions ?? []).map((permission) => (
            <div key={permission} className="flex items-center gap-2.5">
              <Checkbox
                label={PERMISSION_WORDS[permission] ?? permission}
                checked={scopes.includes(permission)}
                onChange={(on) =>
                  setScopes(
                    on ? [...scopes, permission] : scopes.filter((each) => each !== permission),
                  )
                }
              />
              <span className="flex-1" aria-hidden>
                {PERMISSION_WORDS[permission] ?? permission}
              </span>
              <code className="font-mono text-text-3 text-xs">{permission}</code>
            </div>
          ))}
        </fieldset>
        <Field label="Expires">
          <Select label="Expires" value={expiry} onChange={setExpiry} options={EXPIRIES} />
        </Field>
        {create.error ? (
          <p role="alert" className="text-state-failed">
            {errorWords(create.error)}
          </p>
        ) : null}
      </form>
    </Dialog>
  )
}
