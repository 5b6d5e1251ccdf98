/**
 * The process's log: one JSON line per event in production, a readable line in development.
 *
 * 1. Secrets never reach it: fields are redacted by name, and keys, bearer tokens and passwords in URLs by shape.
 * 2. A line is bounded: depth 6, 100 fields a level, 8,000 characters a text.
 */
import type { Logger } from '@/runtime/ports'

export interface LogOptions {
  json: boolean
  write?: (line: string) => void
  now?: () => Date
}

/** Logs to standard error, so that standard output stays free for what commands print. */
export function createLogger({
  json,
  write = (line) => process.stderr.write(line),
  now = () => new Date(),
}: LogOptions): Logger {
  const log = (level: 'info' | 'warn' | 'error', message: string, fields = {}) => {
    const safe = redact(fields, 0) as Record<string, unknown>
    const text = hideSecrets(message)
    const at = now().toISOString()
    if (json) write(`${JSON.stringify({ at, level, message: text, ...safe })}\n`)
    else write(`${at.slice(11, 23)} ${level.padEnd(5)} ${text}${inWords(safe)}\n`)
  }
  return {
    info: (message, fields) => log('info', message, fields),
    warn: (message, fields) => log('warn', message, fields),
    error: (message, fields) => log('error', message, fields),
  }
}

const SECRET_NAME =
  /^(authorization|cookie|set-cookie|.*(password|secret|token|api-?key|private-?key).*)$/i
const REDACTED = '[redacted]'

function redact(value: unknown, depth: number): unknown {
  if (depth > 6) return '[deep]'
  if (typeof value === 'string') return hideSecrets(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return errorFields(value, depth)
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => redact(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 100)
      .map(([key, field]) => [key, SECRET_NAME.test(key) ? REDACTED : redact(field, depth + 1)]),
  )
}

function errorFields(error: Error, depth: number): Record<string, unknown> {
  return {
    name: error.name,
    message: hideSecrets(error.message),
    ...('code' in error ? { code: String(error.code) } : {}),
    ...(error.stack ? { stack: hideSecrets(error.stack) } : {}),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  }
}

function hideSecrets(text: string): string {
  return text
    .slice(0, 8_000)
    .replace(/sgw_([0-9a-f]{8})_[A-Za-z0-9_-]+/g, `sgw_$1_${REDACTED}`)
    .replace(/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+/gi, `$1 ${REDACTED}`)
    .replace(/whsec_[A-Za-z0-9+/=_-]+/g, `whsec_${REDACTED}`)
    .replace(/\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,200}):[^\s@/]{1,500}@/gi, `$1:${REDACTED}@`)
    .replace(/([?&](?:token|secret|code)=)[^\s&"']+/gi, `$1${REDACTED}`)
}

function inWords(fields: Record<string, unknown>): string {
  const { error, ...rest } = fields
  const words = Object.entries(rest).map(
    ([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  if (typeof error === 'object' && error !== null && 'message' in error)
    words.push(`\n  ${'stack' in error ? String(error.stack) : String(error.message)}`)
  else if (error !== undefined) words.push(` error=${JSON.stringify(error)}`)
  return words.join('')
}
