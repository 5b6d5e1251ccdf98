'use client'

/** Starting a run: which saga, which version, with what input, for which venture. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { type FormEvent, useCallback, useId, useState } from 'react'
import { z } from 'zod'
import { apiErrorData, useTRPC } from '../api'
import { Button, ButtonLink } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { EmptyState } from '../ui/empty-state'
import { errorWords } from '../ui/error-words'
import { Field } from '../ui/field'
import { Select } from '../ui/select'
import { Skeleton } from '../ui/skeleton'
import { InputForm } from './input-form'
import { sampleOf } from './json-schema'

export function StartRun({
  open,
  onOpenChange,
  definition,
  version,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
  /** Chosen beforehand. */
  definition?: string | null
  version?: number
}) {
  const formId = useId()
  const [busy, setBusy] = useState(false)
  const [valid, setValid] = useState(true)
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => !busy && onOpenChange(next)}
      title="Start a run"
      footer={
        <>
          <Button variant="ghost" onClick={() => onOpenChange(false)}>
            Close
          </Button>
          <Button
            type="submit"
            form={formId}
            variant="primary"
            loading={busy}
            disabledReason={valid ? null : 'The JSON has a mistake'}
          >
            Start
          </Button>
        </>
      }
    >
      {open ? (
        <StartForm
          formId={formId}
          definition={definition ?? null}
          version={version ?? null}
          onBusy={setBusy}
          onValid={setValid}
        />
      ) : null}
    </Dialog>
  )
}

function StartForm({
  formId,
  definition: given,
  version: givenVersion,
  onBusy,
  onValid,
}: {
  formId: string
  definition: string | null
  version: number | null
  onBusy: (busy: boolean) => void
  onValid: (valid: boolean) => void
}) {
  const trpc = useTRPC()
  const router = useRouter()
  const [chosen, setChosen] = useState<string | null>(given)
  const [chosenVersion, setVersion] = useState<number | null>(givenVersion)
  const [venture, setVenture] = useState<string | null>(null)
  const [input, setInput] = useState<{ of: string; value: unknown } | null>(null)
  const definitions = useQuery(trpc.definitions.list.queryOptions({ limit: 200 }))
  const ventures = useQuery(trpc.ventures.list.queryOptions({ limit: 200 }))
  const published = (definitions.data?.items ?? []).filter((item) => item.version !== null)
  const name = chosen ?? published[0]?.name ?? null
  const newest = published.find((item) => item.name === name)?.version ?? null
  const version = chosenVersion ?? newest
  const versions = useQuery(
    trpc.definitions.versions.queryOptions(
      { name: name ?? 'none', limit: 50 },
      { enabled: name !== null },
    ),
  )
  const detail = useQuery(
    trpc.definitions.version.queryOptions(
      { name: name ?? 'none', version: version ?? 1 },
      { enabled: name !== null && version !== null },
    ),
  )
  const runs = useQuery(
    trpc.sagas.counts.queryOptions(
      { definition: name ?? 'none' },
      { enabled: name !== null, staleTime: 0, refetchOnWindowFocus: false },
    ),
  )
  const start = useMutation(trpc.sagas.start.mutationOptions())
  const key = `${name}@${version}`
  const schema = detail.data?.document.input
  const round = Object.values(runs.data ?? {}).reduce((sum, count) => sum + count, 0)
  const value = input?.of === key ? input.value : sampleOf(schema, round)
  const valid = useCallback((ok: boolean) => onValid(ok), [onValid])

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (name === null || start.isPending) return
    onBusy(true)
    try {
      const { sagaId } = await start.mutateAsync({
        definition: name,
        ...(version === null ? {} : { version }),
        input: z.json().parse(value ?? null),
        ventureId: venture,
      })
      router.push(`/runs/${encodeURIComponent(sagaId)}`)
    } catch {
      // Shown from `start.error`.
    } finally {
      onBusy(false)
    }
  }

  if (definitions.isSuccess && published.length === 0) {
    return (
      <EmptyState
        title="Publish a saga first"
        action={
          <ButtonLink href="/sagas" variant="primary">
            Go to the sagas
          </ButtonLink>
        }
      >
        Only published versions run.
      </EmptyState>
    )
  }
  return (
    <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
      <div className="grid grid-cols-[1fr_8rem] gap-3">
        <Field label="Saga">
          <Select
            label="Saga"
            value={name}
            onChange={(next) => {
              setChosen(next)
              setVersion(null)
              start.reset()
            }}
            options={published.map((item) => ({
              value: item.name,
              label: item.title,
              hint: item.name,
            }))}
          />
        </Field>
        <Field label="Version">
          <Select
            label="Version"
            value={version === null ? null : String(version)}
            onChange={(next) => setVersion(Number(next))}
            options={(versions.data?.items ?? []).map((item) => ({
              value: String(item.version),
              label: `v${item.version}`,
              hint: item.version === newest ? 'newest' : (item.note ?? undefined),
            }))}
          />
        </Field>
      </div>
      <Field label="Venture" optional>
        <Select
          label="Venture"
          value={venture ?? 'none'}
          onChange={(next) => setVenture(next === 'none' ? null : next)}
          options={[
            { value: 'none', label: 'None' },
            ...(ventures.data?.items ?? []).map((item) => ({ value: item.id, label: item.name })),
          ]}
        />
      </Field>
      {detail.isSuccess && runs.isFetchedAfterMount ? (
        <InputForm
          key={key}
          schema={schema}
          value={value}
          onChange={(next) => setInput({ of: key, value: next })}
          onValid={valid}
          problems={problemsOf(start.error)}
        />
      ) : detail.isError ? (
        <p role="alert" className="text-state-failed">
          {errorWords(detail.error)}
        </p>
      ) : (
        <Skeleton className="h-28" />
      )}
      {start.error ? (
        <p role="alert" className="text-base text-state-failed">
          {errorWords(start.error)}
        </p>
      ) : null}
    </form>
  )
}

/** The server's findings, by top-level property of the input. */
function problemsOf(error: unknown): Record<string, string> {
  const problems: Record<string, string> = {}
  for (const issue of apiErrorData(error)?.issues ?? []) {
    const path = issue.path[0] === 'input' ? issue.path.slice(1) : issue.path
    const field = String(path[0] ?? '')
    problems[field] ??= issue.hint ? `${issue.message} ${issue.hint}` : issue.message
  }
  return problems
}
