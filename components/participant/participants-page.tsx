'use client'

/** `/participants`: the services that sagas call, how they are, and what they offer. */
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import {
  CircleCheck,
  CircleHelp,
  CircleX,
  Ellipsis,
  KeyRound,
  Pencil,
  PlugZap,
  Plus,
  RefreshCw,
  Trash2,
} from 'lucide-react'
import { parseAsString, useQueryState } from 'nuqs'
import { useState } from 'react'
import { toast } from 'sonner'
import { duration } from '@/runtime/projection/duration'
import type { ParticipantItem } from '@/server/api/contract'
import { useTRPC } from '../api'
import { useActions } from '../shell/actions'
import { useRefusal } from '../shell/me'
import { PageBar } from '../shell/page-bar'
import { Badge } from '../ui/badge'
import { Button } from '../ui/button'
import { ConfirmDialog } from '../ui/confirm-dialog'
import { EmptyState } from '../ui/empty-state'
import { ErrorState } from '../ui/error-state'
import { errorWords } from '../ui/error-words'
import { IconButton } from '../ui/icon-button'
import { Menu, MenuItem, MenuSeparator } from '../ui/menu'
import { RelativeTime } from '../ui/relative-time'
import { SecretDialog } from '../ui/secret-dialog'
import { SkeletonRows } from '../ui/skeleton'
import { Table, TableHead, Td, Th, Tr } from '../ui/table'
import { Tooltip } from '../ui/tooltip'
import { ParticipantDialog } from './participant-dialog'

const NEW = '_new'

export function ParticipantsPage() {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const refusal = useRefusal()('participant:write')
  const [editing, setEditing] = useQueryState('edit', parseAsString)
  const [secret, setSecret] = useState<{ name: string; value: string } | null>(null)
  const [rotating, setRotating] = useState<ParticipantItem | null>(null)
  const [removing, setRemoving] = useState<ParticipantItem | null>(null)
  const participants = useInfiniteQuery(
    trpc.participants.list.infiniteQueryOptions(
      { limit: 100 },
      { getNextPageParam: (last) => last.nextCursor, refetchInterval: 10_000 },
    ),
  )
  const refresh = () => queryClient.invalidateQueries({ queryKey: trpc.participants.pathKey() })
  const check = useMutation(
    trpc.participants.check.mutationOptions({
      onSuccess: (health, { name }) => {
        void refresh()
        if (health.status === 'UP') {
          toast.success(
            `${name} answers${health.latencyMs === null ? '' : ` in ${duration(health.latencyMs)}`}`,
          )
        } else if (health.status === 'DOWN') {
          toast.error(`${name} does not answer`, { description: health.error })
        } else {
          toast(`Nobody knows how ${name} is`, {
            description:
              health.error ?? 'It has no health address. Give it one to have it checked.',
          })
        }
      },
      onError: (error, { name }) =>
        void toast.error(`Could not check ${name}`, { description: errorWords(error) }),
    }),
  )
  const rotate = useMutation(trpc.participants.rotateSecret.mutationOptions())
  const remove = useMutation(trpc.participants.remove.mutationOptions())

  const items = participants.data?.pages.flatMap((page) => page.items) ?? []
  const edited = items.find((item) => item.name === editing)

  useActions([
    {
      id: 'participants.add',
      title: 'Register a participant…',
      group: 'Participants',
      keys: 'c',
      disabledReason: refusal,
      run: () => void setEditing(NEW),
    },
  ])

  return (
    <>
      <PageBar title="Participants">
        <Button
          variant="primary"
          icon={<Plus size={14} aria-hidden />}
          disabledReason={refusal}
          onClick={() => void setEditing(NEW)}
        >
          Register
        </Button>
      </PageBar>
      <div className="min-h-0 flex-1 overflow-y-auto p-4">
        {participants.isPending ? (
          <SkeletonRows rows={5} />
        ) : participants.isError ? (
          <ErrorState
            what="load the participants"
            error={{ message: errorWords(participants.error) }}
            onRetry={() => void participants.refetch()}
          />
        ) : items.length === 0 ? (
          <EmptyState
            icon={<PlugZap size={24} aria-hidden />}
            title="Register the first participant"
            action={
              <Button
                variant="primary"
                disabledReason={refusal}
                onClick={() => void setEditing(NEW)}
              >
                Register a participant
              </Button>
            }
          >
            A participant is a service that does a step’s work: reserve a budget, register a
            company, send a message. Sagas call it by name.
          </EmptyState>
        ) : (
          <Table label="Participants" className="min-w-220">
            <TableHead>
              <Th>Participant</Th>
              <Th>Health</Th>
              <Th className="text-right">Response</Th>
              <Th className="text-right">Failures</Th>
              <Th>Operations</Th>
              <Th>Endpoint</Th>
              <Th>
                <span className="sr-only">Actions</span>
              </Th>
            </TableHead>
            <tbody>
              {items.map((item) => (
                <Tr key={item.name}>
                  <Td className="py-1.5">
                    <button
                      type="button"
                      className="block rounded-sm text-left font-medium hover:underline"
                      onClick={() => void setEditing(item.name)}
                    >
                      {item.title}
                    </button>
                    <span className="font-mono text-text-3 text-xs">{item.name}</span>
                  </Td>
                  <Td>
                    <Health item={item} />
                  </Td>
                  <Td className="text-right tabular-nums">
                    {item.averageResponseTime > 0 ? duration(item.averageResponseTime) : '–'}
                  </Td>
                  <Td className="text-right tabular-nums">
                    <span className={item.failureRate > 0.1 ? 'font-medium text-state-failed' : ''}>
                      {(item.failureRate * 100).toFixed(
                        item.failureRate > 0 && item.failureRate < 0.1 ? 1 : 0,
                      )}{' '}
                      %
                    </span>
                  </Td>
                  <Td>
                    <Tooltip text={item.operations.map((operation) => operation.name).join(', ')}>
                      <button type="button" className="min-h-6 rounded-sm text-text-2">
                        {item.operations.length}{' '}
                        {item.operations.length === 1 ? 'operation' : 'operations'}
                      </button>
                    </Tooltip>
                  </Td>
                  <Td className="max-w-64 truncate font-mono text-text-2 text-xs">
                    {item.kind === 'FUNCTION' ? 'in this process' : (item.endpointUrl ?? '–')}
                  </Td>
                  <Td className="w-20">
                    <span className="flex justify-end">
                      <IconButton
                        label={`Check ${item.title} now`}
                        icon={
                          <RefreshCw
                            size={14}
                            aria-hidden
                            className={
                              check.isPending && check.variables.name === item.name
                                ? 'animate-spin'
                                : ''
                            }
                          />
                        }
                        disabledReason={refusal}
                        onClick={() => check.mutate({ name: item.name })}
                      />
                      <Menu
                        trigger={
                          <IconButton
                            label={`More for ${item.title}`}
                            icon={<Ellipsis size={15} aria-hidden />}
                          />
                        }
                      >
                        <MenuItem
                          icon={<Pencil size={14} aria-hidden />}
                          disabledReason={refusal}
                          onSelect={() => void setEditing(item.name)}
                        >
                          Edit…
                        </MenuItem>
                        <MenuItem
                          icon={<KeyRound size={14} aria-hidden />}
                          disabledReason={
                            refusal ??
                            (item.kind === 'HTTP'
                              ? null
                              : 'Functions are not signed: they run in this process')
                          }
                          onSelect={() => setRotating(item)}
                        >
                          New signing secret…
                        </MenuItem>
                        <MenuSeparator />
                        <MenuItem
                          danger
                          icon={<Trash2 size={14} aria-hidden />}
                          disabledReason={refusal}
                          onSelect={() => setRemoving(item)}
                        >
                          Remove…
                        </MenuItem>
                      </Menu>
                    </span>
                  </Td>
                </Tr>
              ))}
            </tbody>
          </Table>
        )}
        {participants.hasNextPage ? (
          <div className="p-3 text-center">
            <Button
              loading={participants.isFetchingNextPage}
              onClick={() => void participants.fetchNextPage()}
            >
              Show more
            </Button>
          </div>
        ) : null}
      </div>

      {editing !== null && (editing === NEW || edited) ? (
        <ParticipantDialog
          key={editing}
          participant={edited ?? null}
          refusal={refusal}
          onClose={() => void setEditing(null)}
          onSaved={async ({ name, secret: made }) => {
            await refresh()
            void setEditing(null)
            if (made) setSecret({ name, value: made })
          }}
        />
      ) : null}
      {secret ? (
        <SecretDialog
          title={`Signing secret of ${secret.name}`}
          value={secret.value}
          onClose={() => setSecret(null)}
        >
          Give it to the service: each call is signed with it (Standard Webhooks), and the service
          checks the signature before it does anything.
        </SecretDialog>
      ) : null}
      {rotating ? (
        <ConfirmDialog
          open
          onOpenChange={(open) => !open && setRotating(null)}
          title={`New signing secret for ${rotating.title}?`}
          asksReason={false}
          verb="Make a new secret"
          consequences={[
            'Calls are signed with the new secret from now on.',
            'The service refuses them until it knows the new one; such calls are retried.',
          ]}
          onConfirm={async () => {
            const made = await rotate.mutateAsync({ name: rotating.name }).catch((error) => {
              throw new Error(errorWords(error))
            })
            setSecret({ name: rotating.title, value: made.secret })
          }}
        />
      ) : null}
      {removing ? (
        <ConfirmDialog
          open
          danger
          onOpenChange={(open) => !open && setRemoving(null)}
          title={`Remove ${removing.title}?`}
          asksReason={false}
          verb="Remove the participant"
          consequences={[
            `Steps that call ${removing.name} fail from now on, compensations included.`,
            'Registering the same name again brings them back.',
          ]}
          onConfirm={async () => {
            await remove.mutateAsync({ name: removing.name }).catch((error) => {
              throw new Error(errorWords(error))
            })
            await refresh()
          }}
        />
      ) : null}
    </>
  )
}

function Health({ item }: { item: ParticipantItem }) {
  if (item.disabled) return <Badge>Disabled</Badge>
  const { status, checkedAt, error } = item.health
  const look = {
    UP: { tone: 'completed', word: 'Up', icon: <CircleCheck size={13} aria-hidden /> },
    DOWN: { tone: 'failed', word: 'Down', icon: <CircleX size={13} aria-hidden /> },
    UNKNOWN: { tone: 'idle', word: 'Unknown', icon: <CircleHelp size={13} aria-hidden /> },
  } as const
  return (
    <div className="py-1.5">
      <Badge tone={look[status].tone} icon={look[status].icon}>
        {look[status].word}
      </Badge>
      {error ? (
        <p className="mt-0.5 max-w-56 truncate text-text-3 text-xs" title={error}>
          {error}
        </p>
      ) : checkedAt ? (
        <p className="mt-0.5 text-text-3 text-xs">
          checked <RelativeTime at={checkedAt} />
        </p>
      ) : null}
    </div>
  )
}
