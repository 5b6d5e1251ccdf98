/**
 * SQL that a transactional operation wants carried out with the entry that records its result: both are written by one
 * transaction, or neither. So the effect happens exactly once, and the service needs no inbox.
 *
 * 1. The operation itself changes nothing: it looks, decides, and returns statements. It may run again after a crash.
 * 2. Parameters are text: cast them where they are used (`$2::numeric`). Objects arrive as JSON text.
 * 3. A statement that fails, or changes another number of rows than `rows` says, fails the step, and nobody else's work.
 * 4. They run inside the group commit and hold it up for as long as they take: keep them few, indexed and free of waits. A
 *    lock that is not free within half a second fails the attempt as retryable.
 * 5. The tables live in the runtime's own database; elsewhere, use an idempotency key.
 */
import type { Json } from '../ports'

export interface Statement {
  /** One SQL statement with $1, $2, … */
  text: string
  values?: readonly Json[]
  /** How many rows it must change or return; otherwise the step fails as `ROWS_DIFFER`. */
  rows?: number
}

/** A statement whose parameters are text, as stores take it. */
export interface PlainStatement {
  text: string
  values: (string | null)[]
  rows?: number
}

export interface WithStatements {
  output?: unknown
  statements: readonly Statement[]
}

export const STATEMENTS_MAX = 20
export const STATEMENT_VALUES_MAX = 16
const TEXT_MAX = 20_000
const VALUE_MAX = 100_000

/** The statements, plain and within bounds; or what is wrong with them. */
export function plainStatements(
  statements: unknown,
): { ok: true; value: PlainStatement[] } | { ok: false; reason: string } {
  if (!Array.isArray(statements)) return refused('it returned no list of statements')
  if (statements.length > STATEMENTS_MAX)
    return refused(`it returned ${statements.length} statements; the limit is ${STATEMENTS_MAX}`)
  const plain: PlainStatement[] = []
  for (const [n, one] of (statements as Partial<Statement>[]).entries()) {
    const { text, values = [], rows } = one ?? {}
    const which = `statement ${n + 1}`
    if (typeof text !== 'string' || text.trim() === '' || text.length > TEXT_MAX)
      return refused(`the text of ${which} is not SQL of at most ${TEXT_MAX} characters`)
    if (!Array.isArray(values) || values.length > STATEMENT_VALUES_MAX)
      return refused(`${which} has more than ${STATEMENT_VALUES_MAX} values`)
    if (rows !== undefined && !(Number.isInteger(rows) && rows >= 0))
      return refused(`"rows" of ${which} is no count`)
    if (values.some((value) => typeof value === 'number' && !Number.isFinite(value)))
      return refused(`a value of ${which} is no finite number`)
    const texts = values.map(asText)
    if ([text, ...texts].some((value) => value !== null && UNWRITABLE.test(value)))
      return refused(`${which} holds NUL or half a character, which PostgreSQL has no place for`)
    if (texts.some((value) => value !== null && value.length > VALUE_MAX))
      return refused(`a value of ${which} is longer than ${VALUE_MAX} characters`)
    plain.push({ text, values: texts, ...(rows === undefined ? {} : { rows }) })
  }
  return { ok: true, value: plain }
}

const UNWRITABLE = /\0|\p{Surrogate}/u

function asText(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const refused = (reason: string) => ({ ok: false as const, reason })
