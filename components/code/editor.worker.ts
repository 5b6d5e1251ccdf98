// The editor's own worker: word lists, links, differences.
import 'monaco-editor/editor/editor.worker.js'
