'use client'

/**
 * The saga as text. The document store's text is the truth; this editor's copy follows it edit by edit, so that cursor
 * and scroll position stay where they are when the canvas changes something.
 *
 * 1. Undo and redo are the store's: the editor keeps no history that anybody could reach.
 * 2. The cursor selects the step it is in; selecting a step elsewhere shows its lines here.
 */
import './code.css'
import { useEffect, useRef } from 'react'
import type { TextEdit } from '@/runtime/definition/edit'
import { sagaJsonSchema } from '@/runtime/definition/json-schema'
import { stepAt, stepRange } from '@/runtime/definition/positions'
import { indexSteps } from '../canvas/step-index'
import type { DocumentStore } from '../designer/document-store'
import { useTheme } from '../shell/theme'
import { offerFixes } from './code-fixes'
import { offerCompletions } from './completions'
import { applyTheme, EDITOR_OPTIONS, knowJsonSchema, monaco } from './monaco'

const FOLLOW_MS = 120

export interface CodeViewHandle {
  /** Shows a place and puts the cursor there. */
  reveal: (range: { start: number; end: number }) => void
}

let models = 0

export function CodeView({
  store,
  readOnly = false,
  onReady,
}: {
  store: DocumentStore
  readOnly?: boolean
  onReady?: (handle: CodeViewHandle | null) => void
}) {
  const host = useRef<HTMLDivElement>(null)
  const { resolved } = useTheme()
  useEffect(() => applyTheme(resolved), [resolved])

  useEffect(() => {
    const element = host.current
    if (!element) return
    knowJsonSchema(sagaJsonSchema())
    const { text, language } = store.getState()
    const uri = monaco.Uri.parse(`sagawright://definition/${++models}.${language}`)
    const model = monaco.editor.createModel(text, language, uri)
    const undo = () => void store.undo()
    const redo = () => void store.redo()
    Object.assign(model, { undo, redo })
    const editor = monaco.editor.create(element, {
      ...EDITOR_OPTIONS,
      model,
      readOnly,
      ariaLabel: 'Saga definition as text',
    })
    const stops = [
      follow(store, editor, model),
      mark(store, model),
      link(store, editor, model),
      offerFixes(model, store),
      offerCompletions(model, store),
    ]
    const { KeyMod, KeyCode } = monaco
    editor.addAction({
      id: 'saga.undo',
      label: 'Undo',
      keybindings: [KeyMod.CtrlCmd | KeyCode.KeyZ],
      run: undo,
    })
    editor.addAction({
      id: 'saga.redo',
      label: 'Redo',
      keybindings: [KeyMod.CtrlCmd | KeyCode.KeyY, KeyMod.CtrlCmd | KeyMod.Shift | KeyCode.KeyZ],
      run: redo,
    })
    onReady?.({
      reveal: ({ start, end }) => {
        const range = rangeOf(model, start, end)
        editor.setSelection(range)
        editor.revealRangeInCenterIfOutsideViewport(range)
        editor.focus()
      },
    })
    return () => {
      onReady?.(null)
      for (const stop of stops) stop()
      editor.dispose()
      model.dispose()
    }
  }, [store, readOnly, onReady])

  return <div ref={host} data-testid="code-view" className="h-full min-h-0 w-full" />
}

/** Text in both directions. */
function follow(
  store: DocumentStore,
  editor: monaco.editor.IStandaloneCodeEditor,
  model: monaco.editor.ITextModel,
): () => void {
  let applying = false
  const typing = model.onDidChangeContent(() => {
    if (!applying) store.typed(model.getValue())
  })
  const stop = store.onEdits((edits: readonly TextEdit[]) => {
    applying = true
    const operations = edits.map(({ start, end, text }) => ({
      range: rangeOf(model, start, end),
      text,
      forceMoveMarkers: false,
    }))
    model.pushEditOperations(editor.getSelections(), operations, () => null)
    const { text, language } = store.getState()
    // mixed line ends are the one thing an editor cannot hold as they are
    if (model.getValue() !== text && !text.includes('\r')) model.setValue(text)
    if (model.getLanguageId() !== language) monaco.editor.setModelLanguage(model, language)
    applying = false
  })
  return () => {
    typing.dispose()
    stop()
  }
}

/** Findings as squiggles. */
function mark(store: DocumentStore, model: monaco.editor.ITextModel): () => void {
  const severities = {
    error: monaco.MarkerSeverity.Error,
    warning: monaco.MarkerSeverity.Warning,
    info: monaco.MarkerSeverity.Info,
  }
  let shown: unknown = null
  const show = () => {
    const { issues } = store.getState()
    if (issues === shown) return
    shown = issues
    const markers = issues.flatMap((issue) => {
      if (!issue.range) return []
      const { start, end } = issue.range
      const range = rangeOf(model, start, Math.max(end, start + 1))
      const message = issue.hint ? `${issue.message}\n${issue.hint}` : issue.message
      return [{ ...range, message, code: issue.code, severity: severities[issue.severity] }]
    })
    monaco.editor.setModelMarkers(model, 'saga', markers)
  }
  show()
  return store.subscribe(show)
}

/** Cursor and selection. */
function link(
  store: DocumentStore,
  editor: monaco.editor.IStandaloneCodeEditor,
  model: monaco.editor.ITextModel,
): () => void {
  const lines = editor.createDecorationsCollection()
  let timer: ReturnType<typeof setTimeout> | undefined
  let shown = ''
  const cursor = editor.onDidChangeCursorPosition(({ position, reason, source }) => {
    const byHand = reason === monaco.editor.CursorChangeReason.Explicit || source === 'keyboard'
    if (!byHand || !editor.hasTextFocus()) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      const step = stepAt(model.getValue(), model.getOffsetAt(position))
      store.select(step === undefined ? [] : [step], 'code')
    }, FOLLOW_MS)
  })
  const show = () => {
    const { selection, selectedFrom, document, text, broken, version } = store.getState()
    const key = `${selection.join(' ')} ${version}`
    if (key === shown) return
    const moved = shown.split(' ')[0] !== selection[0]
    shown = key
    if (selection.length === 0 || !document || broken) {
      lines.clear()
      return
    }
    const { graph } = indexSteps(document)
    const ranges = selection.flatMap((id) => {
      const found = graph.steps.get(id)
      const range = found && stepRange(text, found.path)
      return range ? [rangeOf(model, range.start, range.end)] : []
    })
    lines.set(
      ranges.map((range) => ({
        range,
        options: {
          isWholeLine: true,
          className: 'code-step',
          linesDecorationsClassName: 'code-step-edge',
        },
      })),
    )
    const first = ranges[0]
    if (first && moved && selectedFrom !== 'code') editor.revealRangeNearTopIfOutsideViewport(first)
  }
  show()
  const stop = store.subscribe(show)
  return () => {
    clearTimeout(timer)
    cursor.dispose()
    stop()
  }
}

function rangeOf(model: monaco.editor.ITextModel, start: number, end: number): monaco.Range {
  return monaco.Range.fromPositions(model.getPositionAt(start), model.getPositionAt(end))
}
