'use client'

/** A new saga: its name for good, and what it begins with. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { type FormEvent, useId, useState } from 'react'
import { useTRPC } from '../api'
import { Button } from '../ui/button'
import { cn } from '../ui/cn'
import { Dialog } from '../ui/dialog'
import { errorWords } from '../ui/error-words'
import { Field } from '../ui/field'
import { Input } from '../ui/input'
import { TEMPLATES } from './templates'

const NAME = /^[a-z][a-z0-9-]{0,63}$/

export function CreateDialog({
  open,
  onOpenChange,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
}) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const router = useRouter()
  const formId = useId()
  const [title, setTitle] = useState('')
  const [name, setName] = useState<string | null>(null)
  const [template, setTemplate] = useState(TEMPLATES[0]?.id ?? 'empty')
  const [missing, setMissing] = useState(false)
  const create = useMutation(trpc.definitions.create.mutationOptions())
  const slug = name ?? slugOf(title)
  const wrong = slug !== '' && !NAME.test(slug)

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (create.isPending) return
    if (slug === '' || wrong) {
      setMissing(true)
      return
    }
    const chosen = TEMPLATES.find(({ id }) => id === template)
    try {
      await create.mutateAsync({
        name: slug,
        ...(chosen ? { source: chosen.source(slug, title.trim() || slug) } : {}),
      })
      await queries.invalidateQueries({ queryKey: trpc.definitions.list.pathKey() })
      router.push(`/sagas/${slug}`)
    } catch {
      // shown from `create.error`
    }
  }
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Create a saga"
      footer={
        <>
          <Button variant="ghost" onClick={() => onOpenChange(false)}>
            Not now
          </Button>
          <Button type="submit" form={formId} variant="primary" loading={create.isPending}>
            Create
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Title">
          <Input
            autoFocus
            maxLength={120}
            placeholder="Launch a venture"
            value={title}
            onChange={(event) => setTitle(event.target.value)}
          />
        </Field>
        <Field
          label="Name"
          hint="Services and runs know it by this for good"
          error={
            wrong
              ? 'Lower-case letters, digits and -; start with a letter; at most 64'
              : missing && slug === ''
                ? 'Give it a title or a name'
                : undefined
          }
        >
          <Input
            mono
            placeholder="launch-a-venture"
            value={slug}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <fieldset>
          <legend className="mb-1 font-medium text-sm">Begin with</legend>
          <div className="grid gap-2 md:grid-cols-2">
            {TEMPLATES.map(({ id, title: label, description }) => (
              <label
                key={id}
                className={cn(
                  'flex flex-col rounded-lg border p-3 has-focus-visible:outline-2 has-focus-visible:outline-accent',
                  template === id
                    ? 'border-accent ring-3 ring-accent/24'
                    : 'hover:border-border-control',
                )}
              >
                <input
                  type="radio"
                  name="template"
                  className="sr-only"
                  checked={template === id}
                  onChange={() => setTemplate(id)}
                />
                <span className="font-medium text-sm">{label}</span>
                <span className="text-text-2 text-xs">{description}</span>
              </label>
            ))}
          </div>
        </fieldset>
        {create.error ? (
          <p role="alert" className="text-base text-state-failed">
            {errorWords(create.error)}
          </p>
        ) : null}
      </form>
    </Dialog>
  )
}

/** `Launch a venture!` → `launch-a-venture`. */
export function slugOf(title: string): string {
  return title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 64)
    .replace(/-+$/, '')
}
