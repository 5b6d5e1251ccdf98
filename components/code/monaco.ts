/**
 * The editor with all its features and the two languages of saga documents; the whole package would bring ninety. Touches
 * `window` on import: only ever imported by components that are loaded without server rendering.
 */
import 'monaco-editor/features/register.all'
import 'monaco-editor/languages/definitions/yaml/register'
import * as monaco from 'monaco-editor/editor'
import { jsonDefaults } from 'monaco-editor/languages/features/json/register'

globalThis.MonacoEnvironment = {
  // with a getWorker of our own every worker comes from our own files, in both bundlers
  getWorker(_id: string, label: string) {
    return label === 'json'
      ? new Worker(new URL('./json.worker.ts', import.meta.url), { type: 'module', name: label })
      : new Worker(new URL('./editor.worker.ts', import.meta.url), { type: 'module', name: label })
  },
}

const THEMES = { dark: 'sagawright-dark', light: 'sagawright-light' } as const

/** Gives the editors the page's colours; call again when the theme changes. */
export function applyTheme(theme: 'dark' | 'light'): void {
  const style = getComputedStyle(document.documentElement)
  const token = (name: string) => sixDigits(style.getPropertyValue(`--color-${name}`).trim())
  const alpha = (name: string, hex: string) => `${token(name).slice(0, 7)}${hex}`
  const rule = (name: string, color: string) => ({
    token: name,
    foreground: token(color).slice(1, 7),
  })
  monaco.editor.defineTheme(THEMES[theme], {
    base: theme === 'dark' ? 'vs-dark' : 'vs',
    inherit: true,
    rules: [
      rule('type', 'accent'),
      rule('string.key.json', 'accent'),
      rule('string', 'text'),
      rule('string.value.json', 'text'),
      rule('string.yaml', 'text'),
      rule('number', 'state-completed'),
      rule('number.yaml', 'state-completed'),
      rule('keyword', 'state-approval'),
      rule('keyword.json', 'state-approval'),
      rule('comment', 'text-3'),
      rule('operators.yaml', 'text-3'),
      rule('delimiter', 'text-3'),
    ],
    colors: {
      'editor.background': token('surface-1'),
      'editor.foreground': token('text'),
      'editorLineNumber.foreground': token('text-3'),
      'editorLineNumber.activeForeground': token('text-2'),
      'editor.lineHighlightBackground': alpha('surface-3', '66'),
      'editor.lineHighlightBorder': '#00000000',
      'editor.selectionBackground': alpha('accent', '44'),
      'editor.inactiveSelectionBackground': alpha('accent', '22'),
      'editorCursor.foreground': token('text'),
      'editorIndentGuide.background1': token('border'),
      'editorWidget.background': token('surface-2'),
      'editorWidget.border': token('border'),
      'editorSuggestWidget.background': token('surface-2'),
      'editorSuggestWidget.selectedBackground': token('surface-3'),
      'editorHoverWidget.background': token('surface-2'),
      'input.background': token('surface-1'),
      focusBorder: token('accent'),
      'scrollbarSlider.background': alpha('border-control', '55'),
      'scrollbarSlider.hoverBackground': alpha('border-control', '88'),
      'scrollbarSlider.activeBackground': alpha('border-control', 'aa'),
      'editorError.foreground': token('state-failed'),
      'editorWarning.foreground': token('state-compensating'),
      'editorInfo.foreground': token('accent'),
      'diffEditor.insertedTextBackground': alpha('state-completed', '26'),
      'diffEditor.removedTextBackground': alpha('state-failed', '26'),
      'diffEditor.insertedLineBackground': alpha('state-completed', '14'),
      'diffEditor.removedLineBackground': alpha('state-failed', '14'),
    },
  })
  monaco.editor.setTheme(THEMES[theme])
}

/** Stylesheets may be minified to `#fff`, which the editor does not read. */
function sixDigits(color: string): string {
  return /^#[0-9a-f]{3}$/i.test(color) ? color.replace(/[0-9a-f]/gi, '$&$&') : color
}

/** What every editor of ours has in common. */
export const EDITOR_OPTIONS: monaco.editor.IEditorOptions & monaco.editor.IGlobalEditorOptions = {
  automaticLayout: true,
  fontFamily: "'Geist Mono Variable', ui-monospace, monospace",
  fontSize: 13,
  lineHeight: 20,
  minimap: { enabled: false },
  scrollBeyondLastLine: false,
  padding: { top: 12, bottom: 12 },
  renderLineHighlight: 'line',
  smoothScrolling: false,
  fixedOverflowWidgets: true,
  overviewRulerBorder: false,
  overviewRulerLanes: 0,
  hideCursorInOverviewRuler: true,
  scrollbar: { verticalScrollbarSize: 8, horizontalScrollbarSize: 8, useShadows: false },
  guides: { indentation: true },
  tabSize: 2,
  detectIndentation: false,
  stickyScroll: { enabled: false },
  wordWrap: 'off',
  lineNumbersMinChars: 4,
  unicodeHighlight: { ambiguousCharacters: false },
}

/** The schema for completion and hover in JSON; findings come from our own reader, which says more. */
export function knowJsonSchema(schema: unknown): void {
  jsonDefaults.setDiagnosticsOptions({
    validate: false,
    schemas: [{ uri: 'sagawright://saga.schema.json', fileMatch: ['*.json'], schema }],
  })
}

export { monaco }
