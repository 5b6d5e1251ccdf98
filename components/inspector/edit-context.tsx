'use client'

/** How forms change the document: through the store's edit commands, one history entry per field and burst of typing. */
import { createContext, useContext, useMemo } from 'react'
import { toast } from 'sonner'
import type { EditCommand } from '@/runtime/definition/edit'
import type { Issue } from '@/runtime/definition/issue'
import type { IndexedStep, StepIndex } from '../canvas/step-index'
import type { Catalog } from '../canvas/step-picker'
import type { DocumentStore } from '../designer/document-store'

export interface EditContextValue {
  store: DocumentStore
  index: StepIndex
  issues: readonly Issue[]
  catalog: Catalog
  /** Why nothing can be changed now, or null. */
  locked: string | null
}

const EditContext = createContext<EditContextValue | null>(null)
export const EditProvider = EditContext.Provider

export function useEdit(): EditContextValue & {
  run: (command: EditCommand, label: string, key?: string) => boolean
} {
  const context = useContext(EditContext)
  if (!context) throw new Error('Forms need an EditProvider around them')
  const { store } = context
  return useMemo(
    () => ({
      ...context,
      run: (command, label, key) => {
        const refused = store.edit(command, { label, ...(key ? { key } : {}) })
        if (refused.length > 0) toast.error(refused[0]?.message ?? 'This cannot be changed')
        return refused.length === 0
      },
    }),
    [context, store],
  )
}

export type Path = readonly (string | number)[]

/** One step's fields. */
export function useStepEdit(found: IndexedStep) {
  const edit = useEdit()
  const { id } = found
  const place = edit.index.graph.steps.get(id)?.path ?? []
  return {
    ...edit,
    found,
    /** Undefined removes the field. */
    set: (path: Path, value: unknown, label = `Change ${path[0]}`) =>
      edit.run(
        { type: 'setStep', id, path: [...path], value },
        label,
        `set:${id}:${path.join('.')}`,
      ),
    /** The first finding about a field or what is in it. */
    problem: (path: Path): Issue | null => problemAt(edit.issues, [...place, ...path]),
  }
}

/** The gravest finding at or under a place; findings come sorted by gravity. */
export function problemAt(issues: readonly Issue[], path: Path): Issue | null {
  return (
    issues.find(
      (issue) =>
        issue.severity !== 'info' && path.every((key, n) => String(issue.path[n]) === String(key)),
    ) ?? null
  )
}
