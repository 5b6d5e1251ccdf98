/**
 * `sagawright export`: a saga file in another form, on standard output.
 */
import { stringify } from 'yaml'
import { compileSaga } from '@/runtime/compiler/compile'
import { hasErrors } from '@/runtime/definition/issue'
import { readSource } from '@/runtime/definition/text/source'
import type { ExportFormat } from './export-format'
import { mermaid } from './mermaid'
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
      output.print(JSON.stringify(readSource(file.text).root?.value, null, 2))
      return 0
    case 'yaml':
      output.print(stringify(readSource(file.text).root?.value))
      return 0
    case 'mermaid':
      output.print(mermaid(file.document))
      return 0
    case 'xstate':
      output.print(JSON.stringify(compileSaga(file.document).config, null, 2))
      return 0
    default:
      return format satisfies never
  }
}
