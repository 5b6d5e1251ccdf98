/**
 * Reads and checks a saga file: its text, its document when there is one, and everything that is wrong with it.
 */
import { readFileSync } from 'node:fs'
import { hasErrors, type Issue } from '@/runtime/definition/issue'
import { parseDefinition } from '@/runtime/definition/parse'
import type { SagaDocument } from '@/runtime/definition/schema'
import { verify } from '@/runtime/verifier/verify'

export interface SourceFile {
  name: string
  text: string
  document: SagaDocument | null
  issues: Issue[]
}

/** Never throws for what is in the file; throws when there is no such file. `-` is standard input. */
export function readSourceFile(name: string): SourceFile {
  const text = readText(name)
  const { document, issues } = parseDefinition(text)
  return {
    name: name === '-' ? '<stdin>' : name,
    text,
    document: document ?? null,
    issues: document && !hasErrors(issues) ? [...issues, ...verify(document)] : issues,
  }
}

function readText(name: string): string {
  try {
    return readFileSync(name === '-' ? 0 : name, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    throw new Error(why ? `There is no file ${name}` : `${name} cannot be read: ${cause}`, {
      cause,
    })
  }
}
