/** Quick fixes at the light bulb: the same edits that the problem list offers. */
import type { Issue } from '@/runtime/definition/issue'
import type { DocumentStore } from '../designer/document-store'
import { monaco } from './monaco'

const stores = new Map<string, DocumentStore>()
const COMMAND = 'sagawright.fix'
let registered = false

/** Offers fixes for one editor's text; the returned function takes the offer back. */
export function offerFixes(model: monaco.editor.ITextModel, store: DocumentStore): () => void {
  register()
  const key = model.uri.toString()
  stores.set(key, store)
  return () => stores.delete(key)
}

function register(): void {
  if (registered) return
  registered = true
  monaco.editor.registerCommand(COMMAND, (_, key: string, issue: Issue, fix: number) => {
    const chosen = issue.fixes?.[fix]
    if (!chosen) return
    const command = { type: 'batch', label: chosen.title, commands: chosen.commands } as const
    stores.get(key)?.edit(command, { label: chosen.title })
  })
  for (const language of ['yaml', 'json']) {
    monaco.languages.registerCodeActionProvider(language, {
      provideCodeActions(model, range) {
        const key = model.uri.toString()
        const issues = stores.get(key)?.getState().issues ?? []
        const start = model.getOffsetAt(range.getStartPosition())
        const end = model.getOffsetAt(range.getEndPosition())
        const actions = issues
          .filter((issue) => issue.range && issue.range.start <= end && issue.range.end >= start)
          .flatMap((issue) =>
            (issue.fixes ?? []).map((fix, n) => ({
              title: fix.title,
              kind: 'quickfix',
              command: { id: COMMAND, title: fix.title, arguments: [key, issue, n] },
            })),
          )
        return { actions, dispose() {} }
      },
    })
  }
}
