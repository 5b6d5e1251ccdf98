/** Builders for the verifier's tests: short documents, and findings as `code step` lines. */
import type { Issue } from '@/runtime/definition/issue'
import { type SagaDocument, sagaDocumentSchema } from '@/runtime/definition/schema'
import type { VerifyOptions } from '@/runtime/verifier/rule'
import { verify } from '@/runtime/verifier/verify'

/** Declares times, so that only a test about time finds something about time. */
export function saga(steps: Record<string, object>, more: object = {}): SagaDocument {
  const start = Object.keys(steps)[0]
  return sagaDocumentSchema.parse({
    kind: 'saga',
    name: 'test',
    timeoutMs: 10_000,
    maxDurationMs: 86_400_000,
    start,
    steps,
    ...more,
  })
}

export const region = (steps: Record<string, object>) => ({ start: Object.keys(steps)[0], steps })

const action =
  (effect: string) =>
  (next?: string, more: object = {}) => ({
    type: 'action',
    participant: 'ledger',
    operation: 'do',
    effect,
    ...(next === undefined ? {} : { next }),
    ...more,
  })

export const pivot = action('pivot')
export const retriable = action('retriable')
export const readonly = action('readonly')
export const undoable = (next?: string, more: object = {}) =>
  action('compensatable')(next, {
    compensation: { operation: 'undo', input: { id: 'input.id' } },
    ...more,
  })
export const choice = (ways: Record<string, string>, otherwise?: string) => ({
  type: 'choice',
  branches: Object.entries(ways).map(([label, next]) => ({ label, when: `input.${label}`, next })),
  ...(otherwise === undefined ? {} : { otherwise }),
})
export const parallel = (
  branches: Record<string, object>,
  next?: string,
  join: unknown = 'all',
) => ({
  type: 'parallel',
  branches,
  join,
  ...(next === undefined ? {} : { next }),
})
export const map = (steps: Record<string, object>, next?: string, more: object = {}) => ({
  type: 'map',
  items: 'input.items',
  region: region(steps),
  ...(next === undefined ? {} : { next }),
  ...more,
})
export const done = { type: 'end' }
export const failed = { type: 'end', outcome: 'failed' }

/** `code step` per finding; `-` where it belongs to the whole saga. */
export function findings(document: SagaDocument, options?: VerifyOptions): string[] {
  return verify(document, options).map(({ code, step }) => `${code} ${step ?? '-'}`)
}

export function finding(document: SagaDocument, code: string, options?: VerifyOptions): Issue {
  const issue = verify(document, options).find((one) => one.code === code)
  if (issue === undefined) throw new Error(`No finding ${code}: ${findings(document, options)}`)
  return issue
}
