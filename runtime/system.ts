/**
 * The real outside world for the ports: this process's clock, random UUIDs, a console logger.
 */
import { randomBytes } from 'node:crypto'
import type { Clock, Ids, Logger } from './ports'

const TIMEOUT_MAX = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, delayMs), TIMEOUT_MAX))
    return () => clearTimeout(timer)
  },
}

/** UUID version 7 (RFC 9562): 48 bits of time, then chance, so that new rows land at the end of an index. */
export const systemIds: Ids = {
  uuid() {
    const bytes = randomBytes(16)
    bytes.writeUIntBE(Date.now(), 0, 6)
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
    const hex = bytes.toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  },
}

/** One JSON line per event on standard error. */
export const consoleLogger: Logger = {
  info: (message, fields) => write('info', message, fields),
  warn: (message, fields) => write('warn', message, fields),
  error: (message, fields) => write('error', message, fields),
}

function write(level: string, message: string, fields: Record<string, unknown> = {}): void {
  const plain = Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      value instanceof Error ? { message: value.message, stack: value.stack } : value,
    ]),
  )
  process.stderr.write(
    `${JSON.stringify({ at: new Date(Date.now()).toISOString(), level, message, ...plain })}\n`,
  )
}
