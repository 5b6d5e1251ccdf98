'use client'

/** Publishing: what changes against the newest version, what the verifier says, and a note for those who come later. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import dynamic from 'next/dynamic'
import { type FormEvent, useId, useState } from 'react'
import { toast } from 'sonner'
import type { DefinitionDetail } from '@/server/api/contract'
import { apiErrorData, useTRPC } from '../api'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { errorWords } from '../ui/error-words'
import { Field } from '../ui/field'
import { Textarea } from '../ui/textarea'
import { countIssues } from './problem-list'
import { type Session, useDesigner } from './session'

const CodeDiff = dynamic(() => import('../code/code-diff').then((module) => module.CodeDiff), {
  ssr: false,
})

export function PublishDialog({
  open,
  onOpenChange,
  session,
  detail,
  onProblems,
  onPublished,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
  session: Session
  detail: DefinitionDetail
  onProblems: () => void
  onPublished: (version: number) => void
}) {
  const { store, saver } = session
  const trpc = useTRPC()
  const queries = useQueryClient()
  const formId = useId()
  const [note, setNote] = useState('')
  const [refused, setRefused] = useState<string | null>(null)
  const text = useDesigner(store, (state) => state.text)
  const issues = useDesigner(store, (state) => state.issues)
  const { errors, warnings } = countIssues(issues)
  const publish = useMutation(trpc.definitions.publish.mutationOptions())
  const unchanged = detail.published?.source === text
  const next = (detail.published?.version ?? 0) + 1

  async function submit(event: FormEvent) {
    event.preventDefault()
    setRefused(null)
    const state = await saver.flush()
    if (!saver.clean) {
      setRefused(
        state.status === 'conflict'
          ? 'Somebody else has saved meanwhile: merge first.'
          : 'The draft is not saved yet; publishing needs the server to have it.',
      )
      return
    }
    try {
      const done = await publish.mutateAsync({
        name: detail.name,
        revision: saver.revision,
        ...(note.trim() === '' ? {} : { note: note.trim() }),
      })
      await queries.invalidateQueries({ queryKey: trpc.definitions.pathKey() })
      setNote('')
      onOpenChange(false)
      toast.success(
        done.unchanged
          ? `Version ${done.version} already says exactly this`
          : `Published version ${done.version}`,
      )
      onPublished(done.version)
    } catch (error) {
      const found = apiErrorData(error)?.issues ?? []
      setRefused([errorWords(error), ...found.slice(0, 3).map((one) => one.message)].join(' '))
    }
  }
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      wide
      title={unchanged ? 'Nothing to publish' : `Publish version ${next}`}
      description="New runs take it at once. Runs under way stay on their version."
      footer={
        <>
          <Button variant="ghost" onClick={() => onOpenChange(false)}>
            Not yet
          </Button>
          <Button
            type="submit"
            form={formId}
            variant="primary"
            loading={publish.isPending}
            disabledReason={
              errors > 0
                ? `${errors} ${errors === 1 ? 'error' : 'errors'} must be mended first`
                : unchanged
                  ? `It says exactly what version ${detail.published?.version} says`
                  : null
            }
          >
            Publish
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        {unchanged ? (
          <p className="text-base">
            Nothing has changed: the draft says exactly what version {detail.published?.version}{' '}
            says, so there is nothing to publish.
          </p>
        ) : null}
        <p className="text-base">
          {errors > 0 ? (
            <span className="text-state-failed">
              {errors} {errors === 1 ? 'error' : 'errors'}.{' '}
            </span>
          ) : (
            <span className="text-state-completed">No errors. </span>
          )}
          {warnings > 0 ? (
            <span className="text-state-compensating">
              {warnings} {warnings === 1 ? 'warning' : 'warnings'}.{' '}
            </span>
          ) : null}
          {errors + warnings > 0 ? (
            <button
              type="button"
              className="text-accent underline underline-offset-2"
              onClick={() => {
                onOpenChange(false)
                onProblems()
              }}
            >
              Show them
            </button>
          ) : null}
        </p>
        <Field label="Note" optional hint="What changed and why, for the list of versions">
          <Textarea
            rows={2}
            maxLength={500}
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
        </Field>
        <div>
          <h3 className="mb-1 font-medium text-sm">
            {detail.published ? `Changes since version ${detail.published.version}` : 'The text'}
          </h3>
          <div className="h-[min(36vh,20rem)] overflow-hidden rounded-lg border">
            {open ? (
              <CodeDiff original={detail.published?.source ?? ''} modified={text} label="Changes" />
            ) : null}
          </div>
        </div>
        {refused ? (
          <p role="alert" className="text-base text-state-failed">
            {refused}
          </p>
        ) : null}
      </form>
    </Dialog>
  )
}
