/**
 * The `sagawright` command: reads its arguments, calls one command, turns failures into words and exit codes.
 *
 * Exit codes: 0 done (for `run`: COMPLETED) · 1 errors in the file, or it could not be done · 2 wrong arguments ·
 * 10 ROLLED_BACK · 11 FAILED · 12 QUARANTINED · 130 interrupted.
 */
import { parseArgs } from 'node:util'
import { isSagaError } from '@/runtime/errors'
import { EXPORT_FORMATS, isExportFormat } from './export-format'
import { output } from './output'

const USAGE = `sagawright — work with saga files

  sagawright verify FILE... [--json]
      Finds what is wrong, with its place and what to do. FILE may be - for standard input.

  sagawright run FILE [--input JSON|@FILE] [--follow] [--id ID]
      Publishes the file if it differs from the newest version, and starts it for real: on the database of this folder
      (that of npm start) or on DATABASE_URL, with the participants that are registered there.
  sagawright run FILE --url URL --key KEY [...]
      The same on a server, over its API. The key may also come from SAGAWRIGHT_API_KEY.

  sagawright export FILE --to ${EXPORT_FORMATS.join('|')}
      Writes it to standard output in another form.

  sagawright schema
      The JSON Schema of saga files, for editors.

  sagawright link [ROLE]
      A new one-time sign-in link for a seeded person of the local instance: analyst, operator, chairman, admin.
`

// each command loads what it needs: `verify` in an editor's loop should not load a database client

/** Runs one command; resolves to the exit code. */
export async function main(args: string[]): Promise<number> {
  try {
    return await dispatch(args)
  } catch (error) {
    if (error instanceof UsageError || isParseArgsError(error)) {
      output.error(`${error.message}\n\nTry: sagawright --help`)
      return 2
    }
    output.error(inWords(error))
    return 1
  }
}

class UsageError extends Error {}

async function dispatch(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      json: { type: 'boolean' },
      input: { type: 'string', short: 'i' },
      follow: { type: 'boolean', short: 'f' },
      id: { type: 'string' },
      url: { type: 'string' },
      key: { type: 'string' },
      to: { type: 'string' },
    },
  })
  const [command, ...rest] = positionals
  if (values.help || command === undefined || command === 'help') {
    output.print(USAGE)
    return values.help || command ? 0 : 2
  }
  switch (command) {
    case 'verify': {
      if (rest.length === 0) throw new UsageError('verify wants a file')
      const { verifyFiles } = await import('./verify')
      return verifyFiles(rest, { json: values.json ?? false })
    }
    case 'run': {
      const { runSaga } = await import('./run')
      return runSaga({
        file: only(command, rest),
        input: values.input,
        follow: values.follow ?? false,
        id: values.id,
        url: values.url,
        key: values.key ?? process.env.SAGAWRIGHT_API_KEY,
      })
    }
    case 'export': {
      const to = values.to ?? 'yaml'
      if (!isExportFormat(to))
        throw new UsageError(`--to is one of ${EXPORT_FORMATS.join(', ')}, not ${to}`)
      const { exportSaga } = await import('./export')
      return exportSaga(only(command, rest), to)
    }
    case 'schema': {
      const { schemaText } = await import('./schema')
      output.print(schemaText())
      return 0
    }
    case 'link': {
      const { printLinks } = await import('./link')
      return printLinks(rest[0])
    }
    default:
      throw new UsageError(`There is no command ${command}`)
  }
}

function only(command: string, files: string[]): string {
  const [file, ...more] = files
  if (file === undefined || more.length > 0) throw new UsageError(`${command} wants one file`)
  return file
}

function isParseArgsError(error: unknown): error is Error {
  return (
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  )
}

function inWords(error: unknown): string {
  if (isSagaError(error)) return `${error.message} (${error.code})`
  if (!(error instanceof Error)) return String(error)
  const next = 'next' in error && typeof error.next === 'string' ? `\n${error.next}` : ''
  return `${error.message}${next}`
}
