/**
 * `sagawright verify`: prints what is wrong as compilers do, or as JSON for tools.
 */
import { hasErrors, type Issue } from '@/runtime/definition/issue'
import { placeOf, renderIssue } from './diagnostics'
import { output } from './output'
import { readSourceFile, type SourceFile } from './source-file'

/** Exit code 1 when any of the files has errors. */
export function verifyFiles(names: string[], { json }: { json: boolean }): number {
  const files = names.map(readSourceFile)
  if (json) output.print(JSON.stringify(files.map(asJson), null, 2))
  else for (const file of files) printIssues(file)
  return files.some(({ issues }) => hasErrors(issues)) ? 1 : 0
}

/** Prints every issue with its place and a line that counts them. */
export function printIssues(file: SourceFile): void {
  for (const issue of file.issues) output.print(`${renderIssue(file, issue)}\n\n`)
  const count = (severity: Issue['severity'], word: string) => {
    const n = file.issues.filter((issue) => issue.severity === severity).length
    return n === 0 ? [] : [`${n} ${word}${n === 1 || severity === 'info' ? '' : 's'}`]
  }
  const counts = [
    ...count('error', 'error'),
    ...count('warning', 'warning'),
    ...count('info', 'info'),
  ]
  const failed = hasErrors(file.issues)
  const verdict = failed ? output.red('✗') : output.green('✓')
  const found = counts.length > 0 ? counts.join(', ') : 'nothing to object to'
  output.print(`${verdict} ${file.name}: ${found}`)
}

function asJson(file: SourceFile) {
  return {
    file: file.name,
    ok: !hasErrors(file.issues),
    issues: file.issues.map(({ fixes, ...issue }) => ({ ...issue, ...placeOf(file, issue) })),
  }
}
