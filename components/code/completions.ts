/** Completion in YAML: step ids behind arrows, participants and their operations, the words that a field may hold. */
import type { DocumentStore } from '../designer/document-store'
import { monaco } from './monaco'

const stores = new Map<string, DocumentStore>()
let registered = false

/** What may stand behind a key, whatever the document says. */
const WORDS: Record<string, readonly string[]> = {
  kind: ['saga'],
  type: ['action', 'choice', 'parallel', 'map', 'wait', 'signal', 'approval', 'saga', 'end'],
  effect: ['compensatable', 'pivot', 'retriable', 'readonly'],
  strategy: ['FIXED', 'LINEAR', 'EXPONENTIAL'],
  outcome: ['completed', 'failed'],
  join: ['all', 'any'],
  access: ['read', 'write'],
  compensationOrder: ['dependency', 'reverse'],
  onCompensationExhausted: [
    'AUTOMATIC_ROLLBACK',
    'MANUAL_COMPENSATION',
    'EVENTUAL_CONSISTENCY',
    'CHAIRMAN_INTERVENTION',
    'QUARANTINE_SAGA',
  ],
  countermeasure: [
    'semantic-lock',
    'commutative',
    'pessimistic-view',
    'reread',
    'version-file',
    'by-value',
  ],
}

export function offerCompletions(
  model: monaco.editor.ITextModel,
  store: DocumentStore,
): () => void {
  register()
  const key = model.uri.toString()
  stores.set(key, store)
  return () => stores.delete(key)
}

function register(): void {
  if (registered) return
  registered = true
  monaco.languages.registerCompletionItemProvider('yaml', {
    triggerCharacters: [' '],
    provideCompletionItems(model, position) {
      const store = stores.get(model.uri.toString())
      const before = model.getLineContent(position.lineNumber).slice(0, position.column - 1)
      const key = /(?:^|[\s{,-])([A-Za-z]+):\s+[\w-]*$/.exec(before)?.[1]
      if (!store || key === undefined) return { suggestions: [] }
      const word = model.getWordUntilPosition(position)
      const range = new monaco.Range(
        position.lineNumber,
        word.startColumn,
        position.lineNumber,
        word.endColumn,
      )
      const suggestions = valuesFor(key, store).map((value) => ({
        label: value,
        insertText: value,
        kind: monaco.languages.CompletionItemKind.Value,
        range,
      }))
      return { suggestions }
    },
  })
}

function valuesFor(key: string, store: DocumentStore): readonly string[] {
  const { document } = store.getState()
  const participants = store.knowledge.participants ?? []
  switch (key) {
    case 'next':
    case 'start':
    case 'otherwise':
      return document ? store.stepIds() : []
    case 'participant':
      return participants.map((participant) => participant.name)
    case 'operation':
      return [
        ...new Set(participants.flatMap((one) => one.operations?.map(({ name }) => name) ?? [])),
      ]
    case 'saga':
      return (store.knowledge.sagas ?? []).map((saga) => saga.name)
    default:
      return WORDS[key] ?? []
  }
}
