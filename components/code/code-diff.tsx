'use client'

/** Two texts side by side; on a narrow page one under the other. The right one can be editable, for merging. */
import { useEffect, useRef } from 'react'
import { languageOf } from '../designer/document-store'
import { useTheme } from '../shell/theme'
import { applyTheme, EDITOR_OPTIONS, monaco } from './monaco'

export function CodeDiff({
  original,
  modified,
  onChange,
  label,
}: {
  original: string
  modified: string
  /** Given: the right side can be edited. */
  onChange?: (text: string) => void
  label: string
}) {
  const host = useRef<HTMLDivElement>(null)
  const change = useRef(onChange)
  const model = useRef<monaco.editor.ITextModel | null>(null)
  const { resolved } = useTheme()
  const editable = onChange !== undefined
  useEffect(() => {
    change.current = onChange
  })
  useEffect(() => applyTheme(resolved), [resolved])

  // biome-ignore lint/correctness/useExhaustiveDependencies: later values of `modified` are set below, keeping the cursor
  useEffect(() => {
    const element = host.current
    if (!element) return
    const language = languageOf(modified)
    const left = monaco.editor.createModel(original, language)
    const right = monaco.editor.createModel(modified, language)
    model.current = right
    const editor = monaco.editor.createDiffEditor(element, {
      ...EDITOR_OPTIONS,
      readOnly: !editable,
      originalEditable: false,
      renderSideBySide: element.clientWidth > 720,
      hideUnchangedRegions: { enabled: true },
      renderOverviewRuler: false,
      originalAriaLabel: `${label}, before`,
      modifiedAriaLabel: `${label}, after`,
    })
    editor.setModel({ original: left, modified: right })
    const listen = right.onDidChangeContent(() => change.current?.(right.getValue()))
    return () => {
      model.current = null
      listen.dispose()
      editor.dispose()
      left.dispose()
      right.dispose()
    }
  }, [original, editable, label])

  useEffect(() => {
    if (model.current && model.current.getValue() !== modified) model.current.setValue(modified)
  }, [modified])

  return <div ref={host} className="h-full min-h-0 w-full" />
}
