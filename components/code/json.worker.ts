// Completion and hover in JSON, by schema.
import 'monaco-editor/language/json/json.worker.js'
