/**
 * The one document behind canvas, inspector and code: its text is the truth, everything else is read from it.
 *
 * 1. Canvas and inspector ask with edit commands; those become the smallest text edits, so comments and order survive.
 *    The code view writes the text itself. Both land in one history.
 * 2. While the text cannot be read, `document` stays the last one that could, and `broken` says where the text is wrong;
 *    the canvas may not edit then.
 * 3. Opening changes nothing. The selection is not part of the history, but undoing brings back the selection of then.
 * 4. Framework-free: `subscribe` and `getState` are what `useSyncExternalStore` wants. Time comes from outside.
 */
import { type EditCommand, planEdit, type TextEdit } from '@/runtime/definition/edit'
import type { Issue } from '@/runtime/definition/issue'
import { parseDefinition } from '@/runtime/definition/parse'
import { locateIn } from '@/runtime/definition/positions'
import type { Layout, SagaDocument } from '@/runtime/definition/schema'
import { readSource } from '@/runtime/definition/text/source'
import type { VerifyOptions } from '@/runtime/verifier/rule'
import { verify } from '@/runtime/verifier/verify'
import { History } from './history'
import { differingSpan } from './text-span'

export interface DesignerState {
  text: string
  language: 'yaml' | 'json'
  layout: Layout
  /** The newest document that could be read; null until the first. */
  document: SagaDocument | null
  /** Why the text as it stands cannot be read; null when `document` is what it says. */
  broken: { line: number; message: string; count: number } | null
  /** Errors first. Those of the verifier follow the text by a moment. */
  issues: readonly Issue[]
  selection: readonly string[]
  /** Who selected last: the code view does not scroll to what its own cursor selected. */
  selectedFrom: 'canvas' | 'code'
  /** What the last command, undo or fix was about, to be shown; a new array each time, and never emptied. */
  touched: readonly string[]
  undoLabel: string | null
  redoLabel: string | null
  /** Counts changes of text and layout. */
  version: number
}

export type Origin = 'command' | 'code' | 'history' | 'replace'

export interface Timing {
  now: () => number
  /** Calls back later; the returned function calls it off. */
  after: (ms: number, run: () => void) => () => void
}

const PARSE_MS = 180
const VERIFY_MS = 150

export class DocumentStore {
  readonly #history = new History()
  readonly #timing: Timing
  #state: DesignerState
  #options: VerifyOptions = {}
  #parseIssues: readonly Issue[] = []
  #verifyIssues: readonly Issue[] = []
  #heard: { input: string; issues: readonly Issue[] } | null = null
  #listeners = new Set<() => void>()
  #editListeners = new Set<(edits: readonly TextEdit[], origin: Origin) => void>()
  #cancelParse: (() => void) | null = null
  #cancelVerify: (() => void) | null = null

  constructor(content: { source: string; layout: Layout }, timing: Timing) {
    this.#timing = timing
    this.#state = {
      text: content.source,
      language: languageOf(content.source),
      layout: content.layout,
      document: null,
      broken: null,
      issues: [],
      selection: [],
      selectedFrom: 'canvas',
      touched: [],
      undoLabel: null,
      redoLabel: null,
      version: 0,
    }
    this.#parse()
    this.#verify()
  }

  readonly getState = (): DesignerState => this.#state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Hears of every text edit as it is made, for an editor that keeps its own copy of the text. */
  onEdits(listener: (edits: readonly TextEdit[], origin: Origin) => void): () => void {
    this.#editListeners.add(listener)
    return () => this.#editListeners.delete(listener)
  }

  /** Carries out a command. Empty when done; else why it was refused, and nothing has changed. */
  edit(
    command: EditCommand,
    {
      label,
      key = '',
      positions,
      select,
      show = false,
    }: {
      label: string
      /** Edits with the same key in quick succession are undone together. */
      key?: string
      positions?: Layout['positions']
      select?: readonly string[]
      /** Whoever looks shall be shown what changed, as by a fix. What is selected anew is shown in any case. */
      show?: boolean
    },
  ): readonly Issue[] {
    this.flush()
    if (this.#state.broken) {
      const { line, message } = this.#state.broken
      const text = `The code cannot be read at line ${line}: ${message}`
      return [{ code: 'edit/unreadable', severity: 'error', path: [], message: text }]
    }
    const planned = planEdit(this.#state.text, command)
    if ('issues' in planned) return planned.issues
    const before = this.#state
    const layout = layoutAfter(this.#state.layout, command, positions)
    this.#commit(
      { text: planned.text, layout, select },
      { label, key, edits: planned.edits, origin: 'command' },
    )
    this.#parse()
    this.#verifySoon()
    if (select?.length) this.#update({ touched: [...select] })
    else if (show) this.#update({ touched: changedSteps(before, this.#state) })
    return []
  }

  /** The code view's text after somebody typed. Read a moment later. */
  typed(text: string): void {
    if (text === this.#state.text) return
    const options = { label: 'Edit the code', key: 'code', edits: [], origin: 'code' as const }
    this.#commit({ text, layout: this.#state.layout }, options)
    this.#cancelParse?.()
    this.#cancelParse = this.#timing.after(PARSE_MS, () => {
      this.#parse()
      this.#verifySoon()
    })
  }

  /** Pins steps where they were put. */
  move(positions: Layout['positions'], label: string): void {
    const { layout, text } = this.#state
    const next = { ...layout, positions: { ...layout.positions, ...positions } }
    const key = `move:${Object.keys(positions).sort().join(' ')}`
    this.#commit({ text, layout: next }, { label, key, edits: [], origin: 'command' })
  }

  /** Clears pins: of these steps, or of all. */
  tidy(steps: readonly string[] | null): void {
    const { layout, text } = this.#state
    const positions = { ...layout.positions }
    for (const id of steps ?? Object.keys(positions)) delete positions[id]
    if (Object.keys(positions).length === Object.keys(layout.positions).length) return
    const next = { ...layout, positions }
    this.#commit(
      { text, layout: next },
      { label: 'Tidy up', key: '', edits: [], origin: 'command' },
    )
  }

  /** Another whole text, e.g. an older version; one entry in the history. */
  replace(content: { source: string; layout: Layout }, label: string): void {
    const span = differingSpan(this.#state.text, content.source)
    const edits = span ? [span] : []
    const next = { text: content.source, layout: content.layout, select: [] }
    this.#commit(next, { label, key: '', edits, origin: 'replace' })
    this.#parse()
    this.#verifySoon()
  }

  undo(): string | null {
    return this.#travel(this.#history.undo(this.#state.text))
  }

  redo(): string | null {
    return this.#travel(this.#history.redo(this.#state.text))
  }

  select(steps: readonly string[], from: DesignerState['selectedFrom'] = 'canvas'): void {
    const { selection } = this.#state
    if (steps.length === selection.length && steps.every((id, n) => id === selection[n])) return
    this.#update({ selection: [...steps], selectedFrom: from })
  }

  /** What the verifier was told of the world. */
  get knowledge(): VerifyOptions {
    return this.#options
  }

  /** Of the newest document that could be read. */
  stepIds(): string[] {
    const { document } = this.#state
    return document ? [...idsOf(document)] : []
  }

  /** What the verifier may know of the world: participants and other definitions. */
  know(options: VerifyOptions): void {
    this.#options = options
    this.#verifySoon()
  }

  /** What the server found about an input schema (its JSON); it holds as long as that is the document's schema. */
  hearOfInput(input: string, issues: readonly Issue[]): void {
    this.#heard = { input, issues: issues.map(({ range: _, ...issue }) => issue) }
    this.#verifySoon()
  }

  /** Reads the text now, if it has not been read since the last key. */
  flush(): void {
    if (!this.#cancelParse) return
    this.#cancelParse()
    this.#cancelParse = null
    this.#parse()
    this.#verifySoon()
  }

  /** Calls off whatever is still to come. */
  dispose(): void {
    this.#cancelParse?.()
    this.#cancelVerify?.()
    this.#listeners.clear()
    this.#editListeners.clear()
  }

  #commit(
    after: { text: string; layout: Layout; select?: readonly string[] | undefined },
    {
      label,
      key,
      edits,
      origin,
    }: { label: string; key: string; edits: readonly TextEdit[]; origin: Origin },
  ): void {
    const before = this.#state
    const selection = after.select ? [...after.select] : before.selection
    if (after.text === before.text && after.layout === before.layout) return
    this.#history.record(before, { ...after, selection }, { label, key, at: this.#timing.now() })
    this.#put({ text: after.text, layout: after.layout, selection })
    if (edits.length > 0) this.#tell(edits, origin)
  }

  #travel(step: ReturnType<History['undo']>): string | null {
    if (!step) return null
    const before = this.#state
    this.#cancelParse?.()
    this.#cancelParse = null
    this.#put({ text: step.text, layout: step.layout, selection: step.selection })
    if (step.edit) {
      this.#tell([step.edit], 'history')
      this.#parse()
      this.#verifySoon()
    }
    this.#update({ touched: changedSteps(before, this.#state) })
    return step.label
  }

  #put(content: { text: string; layout: Layout; selection: readonly string[] }): void {
    this.#update({
      ...content,
      language: languageOf(content.text),
      undoLabel: this.#history.undoLabel,
      redoLabel: this.#history.redoLabel,
      version: this.#state.version + 1,
    })
  }

  #tell(edits: readonly TextEdit[], origin: Origin): void {
    for (const listener of this.#editListeners) listener(edits, origin)
  }

  #parse(): void {
    this.#cancelParse = null
    const { text } = this.#state
    const parsed = parseDefinition(text)
    this.#parseIssues = parsed.issues
    if (parsed.document) {
      const selection = stillThere(this.#state.selection, parsed.document)
      this.#update({
        document: parsed.document,
        broken: null,
        issues: this.#allIssues(),
        selection,
      })
      return
    }
    const first = parsed.issues.find((issue) => issue.severity === 'error') ?? parsed.issues[0]
    const line = text.slice(0, first?.range?.start ?? 0).split('\n').length
    const count = parsed.issues.filter((issue) => issue.severity === 'error').length
    this.#verifyIssues = []
    this.#update({
      broken: { line, message: first?.message ?? 'The text is not a saga.', count },
      issues: this.#allIssues(),
    })
  }

  #verifySoon(): void {
    this.#cancelVerify?.()
    this.#cancelVerify = this.#timing.after(VERIFY_MS, () => this.#verify())
  }

  #verify(): void {
    this.#cancelVerify = null
    const { document, broken, text } = this.#state
    if (!document || broken) return
    const heard = this.#heard
    const told = heard?.input === JSON.stringify(document.input) ? heard?.issues : undefined
    const found = [...verify(document, this.#options), ...(told ?? [])]
    const source = found.length > 0 ? readSource(text) : null
    this.#verifyIssues = found.map((issue) => {
      const range = source && !issue.range ? locateIn(source, issue.path) : undefined
      return range ? { ...issue, range } : issue
    })
    this.#update({ issues: this.#allIssues() })
  }

  /** The reader's findings and the verifier's; the same expression may be found by both. */
  #allIssues(): readonly Issue[] {
    const seen = new Set(this.#parseIssues.map((issue) => JSON.stringify(issue.path)))
    const verified = this.#verifyIssues.filter(
      (issue) => issue.code !== 'data/expression' || !seen.has(JSON.stringify(issue.path)),
    )
    const all = [...this.#parseIssues, ...verified]
    const rank = { error: 0, warning: 1, info: 2 }
    return all.sort((a, b) => rank[a.severity] - rank[b.severity])
  }

  #update(part: Partial<DesignerState>): void {
    this.#state = { ...this.#state, ...part }
    for (const listener of this.#listeners) listener()
  }
}

export const languageOf = (text: string): 'yaml' | 'json' =>
  text.trimStart().startsWith('{') ? 'json' : 'yaml'

/** Pins follow a rename and leave with a removed step. */
function layoutAfter(
  layout: Layout,
  command: EditCommand,
  added: Layout['positions'] = {},
): Layout {
  const positions = { ...layout.positions, ...added }
  let changed = Object.keys(added).length > 0
  const visit = (one: EditCommand) => {
    if (one.type === 'batch') for (const inner of one.commands) visit(inner)
    else if (one.type === 'renameStep' && positions[one.id]) {
      positions[one.to] = positions[one.id] ?? { x: 0, y: 0 }
      delete positions[one.id]
      changed = true
    } else if (one.type === 'removeStep' && positions[one.id]) {
      delete positions[one.id]
      changed = true
    }
  }
  visit(command)
  return changed ? { ...layout, positions } : layout
}

function stillThere(selection: readonly string[], document: SagaDocument): readonly string[] {
  if (selection.length === 0) return selection
  const ids = idsOf(document)
  const kept = selection.filter((id) => ids.has(id))
  return kept.length === selection.length ? selection : kept
}

type Drawn = Pick<DesignerState, 'document' | 'layout'>

/** Steps that came first, then those that say something else, then those that were put elsewhere. */
export function changedSteps(before: Drawn, after: Drawn): string[] {
  const old = before.document ? stepsOf(before.document) : new Map<string, unknown>()
  const now = after.document ? stepsOf(after.document) : new Map<string, unknown>()
  const ids = [...now.keys()]
  const added = ids.filter((id) => !old.has(id))
  const changed = ids.filter((id) => old.has(id) && own(old.get(id)) !== own(now.get(id)))
  const pin = ({ layout }: Drawn, id: string) => JSON.stringify(layout.positions[id])
  const moved = ids.filter((id) => pin(before, id) !== pin(after, id))
  return [...new Set([...added, ...changed, ...moved])]
}

/** A step without the steps it holds, which are compared by themselves. */
const own = (step: unknown): string =>
  JSON.stringify(step, (key, value) => (key === 'steps' ? undefined : value))

function stepsOf(document: SagaDocument): Map<string, unknown> {
  const found = new Map<string, unknown>()
  const visit = (steps: SagaDocument['steps']) => {
    for (const [id, step] of Object.entries(steps)) {
      found.set(id, step)
      if (step.type === 'map') visit(step.region.steps)
      if (step.type === 'parallel')
        for (const region of Object.values(step.branches)) visit(region.steps)
    }
  }
  visit(document.steps)
  return found
}

function idsOf(document: SagaDocument): Set<string> {
  return new Set(stepsOf(document).keys())
}
