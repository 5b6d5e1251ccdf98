/**
 * `sagawright export`: a saga file in another form, on standard output.
 */
import { compileSaga } from '@/runtime/compiler/compile'
import { convertDefinition, toMermaid } from '@/runtime/definition/export'
import { hasErrors } from '@/runtime/definition/issue'
import type { ExportFormat } from './export-format'
import { output } from './output'
import { readSourceFile } from './source-file'
import { printIssues } from './verify'

/** Exit code 1, with the issues on standard output, when the file has errors. */
export function exportSaga(name: string, format: ExportFormat): number {
  const file = readSourceFile(name)
  if (!file.document || hasErrors(file.issues)) {
    printIssues(file)
    return 1
  }
  switch (format) {
    case 'json':
    case 'yaml': {
      const converted = convertDefinition(file.text, format)
      if ('issues' in converted) throw new Error('The file was read before; it cannot be now')
      output.print(converted.text)
      return 0
    }
    case 'mermaid':
      output.print(toMermaid(file.document))
      return 0
    case 'xstate':
      output.print(JSON.stringify(compileSaga(file.document).config, null, 2))
      return 0
    default:
      return format satisfies never
  }
}
