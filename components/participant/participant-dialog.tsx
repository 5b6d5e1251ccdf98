'use client'

/** Registers a participant, or changes one. The server checks the same schema and says what does not fit. */
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { type ParticipantItem, saveParticipant } from '@/server/api/contract'
import { apiErrorData, useTRPC } from '../api'
import { useMe } from '../shell/me'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { errorWords } from '../ui/error-words'
import { Field } from '../ui/field'
import { Input } from '../ui/input'
import { Select } from '../ui/select'
import { Switch } from '../ui/switch'
import { OperationsEditor } from './operations-editor'

export function ParticipantDialog({
  participant,
  refusal,
  onClose,
  onSaved,
}: {
  /** Null: a new one. */
  participant: ParticipantItem | null
  refusal: string | null
  onClose: () => void
  onSaved: (saved: { name: string; secret: string | null }) => Promise<void>
}) {
  const trpc = useTRPC()
  const formId = useId()
  const { data: me } = useMe()
  const [draft, setDraft] = useState(() => ({
    name: participant?.name ?? '',
    title: participant?.title ?? '',
    kind: participant?.kind ?? ('HTTP' as const),
    endpointUrl: participant?.endpointUrl ?? '',
    healthUrl: participant?.healthUrl ?? '',
    operations: participant?.operations ?? [],
    timeoutSeconds: participant?.timeoutSeconds ?? 30,
    allowPrivateNetwork: participant?.allowPrivateNetwork ?? false,
    disabled: participant?.disabled ?? false,
  }))
  const [problems, setProblems] = useState<Record<string, string>>({})
  const save = useMutation(trpc.participants.save.mutationOptions())
  const set = (patch: Partial<typeof draft>) => setDraft({ ...draft, ...patch })
  const http = draft.kind === 'HTTP'

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (refusal || save.isPending) return
    const { endpointUrl, healthUrl, ...rest } = draft
    const parsed = saveParticipant.safeParse({
      ...rest,
      operations: draft.operations.filter((operation) => operation.name.trim() !== ''),
      ...(http && endpointUrl ? { endpointUrl } : {}),
      healthUrl: http && healthUrl ? healthUrl : null,
    })
    const found: Record<string, string> = {}
    if (!parsed.success) {
      for (const issue of parsed.error.issues) found[String(issue.path[0])] ??= issue.message
    }
    if (http && !endpointUrl) found.endpointUrl = 'Say where the service listens.'
    setProblems(found)
    if (!parsed.success || Object.keys(found).length > 0) return
    try {
      const saved = await save.mutateAsync(parsed.data)
      await onSaved({ name: saved.participant.title, secret: saved.secret })
    } catch (error) {
      for (const issue of apiErrorData(error)?.issues ?? []) {
        found[String(issue.path[0])] ??= issue.message
      }
      setProblems(found)
    }
  }

  return (
    <Dialog
      open
      wide
      onOpenChange={(open) => !open && onClose()}
      title={participant ? participant.title : 'Register a participant'}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Close
          </Button>
          <Button
            type="submit"
            form={formId}
            variant="primary"
            loading={save.isPending}
            disabledReason={refusal}
          >
            {participant ? 'Save' : 'Register'}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} noValidate className="flex flex-col gap-4">
        <div className="grid gap-3 md:grid-cols-3">
          <Field label="Title" error={problems.title}>
            <Input
              value={draft.title}
              maxLength={120}
              placeholder="Budget ledger"
              onChange={(event) => {
                const title = event.target.value
                set({
                  title,
                  ...(participant || draft.name !== slug(draft.title) ? {} : { name: slug(title) }),
                })
              }}
            />
          </Field>
          <Field
            label="Name"
            hint={participant ? 'Sagas know it by this name; it stays.' : 'What sagas call it by.'}
            error={problems.name}
          >
            <Input
              mono
              value={draft.name}
              maxLength={64}
              readOnly={participant !== null}
              placeholder="budget-ledger"
              onChange={(event) => set({ name: event.target.value })}
            />
          </Field>
          <Field label="Kind">
            <Select
              label="Kind"
              value={draft.kind}
              onChange={(kind) => set({ kind })}
              options={[
                { value: 'HTTP', label: 'HTTP service', hint: 'signed POST per operation' },
                { value: 'FUNCTION', label: 'Function', hint: 'registered in this process' },
              ]}
            />
          </Field>
        </div>
        {http ? (
          <>
            <Field
              label="Endpoint"
              hint="Each operation is a POST to this address, followed by its name."
              error={problems.endpointUrl}
            >
              <Input
                mono
                type="url"
                value={draft.endpointUrl}
                placeholder="https://ledger.example.com/saga"
                onChange={(event) => set({ endpointUrl: event.target.value })}
              />
            </Field>
            <div className="grid gap-3 md:grid-cols-[1fr_8rem]">
              <Field label="Health address" optional error={problems.healthUrl}>
                <Input
                  mono
                  type="url"
                  value={draft.healthUrl}
                  placeholder="https://ledger.example.com/health"
                  onChange={(event) => set({ healthUrl: event.target.value })}
                />
              </Field>
              <Field label="Timeout, seconds" error={problems.timeoutSeconds}>
                <Input
                  type="number"
                  min={1}
                  max={3600}
                  value={Number.isNaN(draft.timeoutSeconds) ? '' : draft.timeoutSeconds}
                  onChange={(event) => set({ timeoutSeconds: event.target.valueAsNumber })}
                />
              </Field>
            </div>
          </>
        ) : null}
        <OperationsEditor
          operations={draft.operations}
          onChange={(operations) => set({ operations })}
        />
        {problems.operations ? (
          <p role="alert" className="text-state-failed text-xs">
            Operations: {problems.operations}
          </p>
        ) : null}
        <div className="flex flex-col gap-2">
          {http ? (
            <Switch
              checked={draft.allowPrivateNetwork}
              onChange={(allowPrivateNetwork) => set({ allowPrivateNetwork })}
              disabled={me ? !me.roles.includes('ADMIN') : true}
              label="May be at a private address"
              hint={
                me?.roles.includes('ADMIN')
                  ? 'Calls to 10.x, 192.168.x, localhost and the like are refused otherwise.'
                  : 'Only an admin may point a participant at a private address.'
              }
            />
          ) : null}
          <Switch
            checked={draft.disabled}
            onChange={(disabled) => set({ disabled })}
            label="Disabled"
            hint="Calls to it fail as if it did not answer, until it is enabled again."
          />
        </div>
        {save.error && Object.keys(problems).length === 0 ? (
          <p role="alert" className="text-state-failed">
            {errorWords(save.error)}
          </p>
        ) : null}
      </form>
    </Dialog>
  )
}

function slug(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 64)
}
