/**
 * What the database's refusals mean to the runtime. One table, from SQLSTATE to SagaError.
 *
 * 1. `outcomeUnknown` is true whenever the statement may have been carried out: the connection went away under it.
 * 2. What says something about the values sent, or that nobody here knows, is INVALID_INPUT: it comes from somebody's data,
 *    and must not be taken for the database being away, which would hold up everybody. UNAVAILABLE is a list that is closed.
 * 3. An error that the server itself reported rolled its transaction back: the outcome is known, nothing was written.
 */
import pg from 'pg'
import { isSagaError, SagaError } from '../errors'
import type { RefusedStatement } from '../journal/store'

/** The result, or a SagaError that says what could not be done. */
export async function translating<T>(what: string, work: PromiseLike<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw isSagaError(error) ? error : translate(what, error)
  }
}

/**
 * An error of a query outside the store as UNAVAILABLE, when it says that the database is away, starting, stopping or full;
 * null for anything else, which is somebody's mistake. Errors are told by name: a bundler may copy their classes.
 */
export function databaseAway(error: unknown): SagaError | null {
  if (!(error instanceof Error)) return null
  const { state, kind, message } = report(error)
  const isOfDatabase =
    /^(PrismaClient|DriverAdapterError)/.test(error.name) || error instanceof pg.DatabaseError
  // pg's pool throws bare errors, which Prisma passes on; nobody else uses its words
  if (!isOfDatabase && !noConnection(message) && !neverSent(message) && !PG_WORDS.test(message))
    return null
  const away =
    (kind !== undefined && AWAY.has(kind)) ||
    (state !== undefined && (/^(08|53|57P)/.test(state) || state === '25006')) ||
    noConnection(message) ||
    neverSent(message) ||
    BROKEN.test(message)
  if (!away) return null
  const translated = translate('ask the database', error)
  return isSagaError(translated) && translated.code === 'UNAVAILABLE' ? translated : null
}

/** Prisma's words for a connection that there is not. */
const AWAY = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
])
/** A connection that broke, or a server that did not answer in time, in pg's words, and in the system's. */
const PG_WORDS = /Connection terminated|Query read timeout/
const BROKEN =
  /Connection terminated|Query read timeout|connection error|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/

function translate(what: string, error: unknown): Error {
  // Not sent: it could not be made into what the driver sends.
  if (error instanceof RangeError || error instanceof TypeError)
    return new SagaError('INVALID_INPUT', `Could not ${what}: ${error.message}`, {}, error)
  const { state, kind, message, detail, table } = report(error)
  switch (state) {
    case 'SW001':
      return new SagaError(
        'FENCED',
        `Could not ${what}: the lease was taken over; stop this worker and acquire a new one`,
        {},
        error,
      )
    case 'SW002':
      return new SagaError(
        'CONFLICT',
        `Could not ${what}: ${message}; load and decide again`,
        JSON.parse(detail ?? '{}'),
        error,
      )
    case '23505': {
      // Entries that the commit could not see yet, or an entity that another one created.
      if (table !== 'journal' && table !== 'entity') break
      const [, entityId] = /=\((.*?)(?:, \d+)?\)/.exec(detail ?? '') ?? []
      return new SagaError(
        'CONFLICT',
        `Could not ${what}: other entries came first; load and decide again`,
        { entityIds: entityId === undefined ? [] : [entityId] },
        error,
      )
    }
    case 'SW004': {
      const statement = refusedStatement(detail)
      return new SagaError(
        'CONFLICT',
        `Could not ${what}: ${message}; let that step fail and send the rest again`,
        { statement },
        error,
      )
    }
    case 'SW003':
      return new SagaError(
        'INVALID_INPUT',
        `Broken invariant: could not ${what}: ${message}`,
        {},
        error,
      )
  }
  if (noConnection(message))
    return unavailable(
      what,
      'no connection became free in time',
      false,
      error,
      'no connection to the database is free',
    )
  if (kind === 'DatabaseNotReachable' || neverSent(message) || state === '57P03')
    return unavailable(
      what,
      'the database cannot be reached; is it running?',
      false,
      error,
      state === '57P03' ? 'the database is starting or stopping' : 'the database cannot be reached',
    )
  if (state === undefined || state.startsWith('08') || state.startsWith('57P'))
    return unavailable(
      what,
      'the connection was lost; read back before trying again',
      true,
      error,
      'the connection to the database was lost',
    )
  // XX000 is a check inside the server that failed, such as a value beyond a gigabyte; XX001 and XX002 are broken storage.
  if (/^(25|40|53|55|57|58|XX00[12])/.test(state))
    return unavailable(
      what,
      `${message} (${state}); try again`,
      false,
      error,
      CAUSES[state] ?? `the database refuses work for now (${state})`,
    )
  if (/^(0A|28|3D|3F|42)/.test(state))
    return unavailable(
      what,
      `${message} (${state}); are all migrations applied to this database?`,
      false,
      error,
    )
  return new SagaError(
    'INVALID_INPUT',
    `Could not ${what}: the database refused a value (${state}): ${message}`,
    { state },
    error,
  )
}

/** What the database holds against a value or a rule stays so; what it could not do just now may go better next time. */
function refusedStatement(detail: string | undefined): RefusedStatement {
  const { state, message, entityId, call } = JSON.parse(detail ?? '{}') as Record<string, string>
  const forGood = /^(ROWS|22|23|42|P0|0A)/.test(state ?? '')
  return {
    entityId: entityId ?? '',
    call: call ?? '',
    kind: forGood ? 'terminal' : 'retryable',
    code: state === 'ROWS' ? 'ROWS_DIFFER' : 'STATEMENT_FAILED',
    message: `A statement failed (${state}): ${message}`.slice(0, 500),
  }
}

/** `cause` is fit for everybody's eyes: it is shown where health is shown. */
function unavailable(
  what: string,
  why: string,
  outcomeUnknown: boolean,
  error: unknown,
  cause = 'the database refuses what it is asked',
) {
  return new SagaError('UNAVAILABLE', `Could not ${what}: ${why}`, { outcomeUnknown, cause }, error)
}

const CAUSES: Record<string, string> = {
  '25006': 'the database is a standby, or read-only',
  '53100': 'the database has no disk space left',
  '53200': 'the database has no memory left',
  '53300': 'the database has no connection left',
  '57014': 'the database takes too long and was told to stop',
}

/** pg's pool had none, and made none in time. */
const noConnection = (message: string) =>
  message.includes('timeout exceeded when trying to connect')

/** pg's pool gave no connection, so nothing left this process. */
const neverSent = (message: string) =>
  message.includes('terminated due to connection timeout') ||
  message.includes('Cannot use a pool after calling end')

/** What only an attempt to connect fails with. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

interface Report {
  state?: string
  kind?: string
  message: string
  detail?: string
  table?: string
}

/** Prisma keeps the driver's report under `meta.driverAdapterError.cause`, or throws it bare; pg throws the server's. */
function report(error: unknown): Report {
  if (error instanceof pg.DatabaseError) {
    const { code, detail, message, table } = error
    return {
      message,
      ...(code === undefined ? {} : { state: code }),
      ...(detail === undefined ? {} : { detail }),
      ...(table === undefined ? {} : { table }),
    }
  }
  const socket = text(error, 'code')
  if (socket && UNREACHABLE.has(socket))
    return { kind: 'DatabaseNotReachable', message: String(error) }
  const driver = field(field(error, 'meta'), 'driverAdapterError') ?? error
  const cause = field(driver, 'cause') ?? driver
  const state = text(cause, 'originalCode')
  const kind = text(cause, 'kind')
  const detail = text(cause, 'detail')
  return {
    ...(state === undefined ? {} : { state }),
    ...(kind === undefined ? {} : { kind }),
    ...(detail === undefined ? {} : { detail }),
    message:
      text(cause, 'originalMessage') ?? (error instanceof Error ? error.message : String(error)),
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value
    ? (value as Record<string, unknown>)[name]
    : undefined
}

function text(value: unknown, name: string): string | undefined {
  const found = field(value, name)
  return typeof found === 'string' ? found : undefined
}
