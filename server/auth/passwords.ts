/**
 * Passwords: scrypt (RFC 7914), stored as `scrypt$N$r$p$salt$key` so that the cost can rise without a migration.
 * At most four derivations run at a time (each takes 32 MiB); more wait in line, and a long line is refused.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { SagaError } from '@/runtime/errors'

const COST = { N: 2 ** 15, r: 8, p: 1 }
const KEY_BYTES = 32
const RUNNING_MAX = 4
const WAITING_MAX = 64

/** The text to store for a password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const key = await derive(password, salt, COST)
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), key.toString('base64')].join(
    '$',
  )
}

/** Compares in constant time. Without a stored hash it takes as long and says no, so an address cannot be probed. */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const [kind, N, r, p, salt, key] = (stored ?? '').split('$')
  if (kind !== 'scrypt' || !salt || !key) {
    await derive(password, Buffer.alloc(16), COST)
    return false
  }
  const expected = Buffer.from(key, 'base64')
  const actual = await derive(password, Buffer.from(salt, 'base64'), {
    N: Number(N),
    r: Number(r),
    p: Number(p),
  })
  return actual.length === expected.length && timingSafeEqual(actual, expected)
}

let running = 0
const waiting: (() => void)[] = []

async function derive(password: string, salt: Buffer, cost: typeof COST): Promise<Buffer> {
  if (running >= RUNNING_MAX) {
    if (waiting.length >= WAITING_MAX)
      throw new SagaError('OVERLOADED', 'Too many people are signing in. Try again in a moment.', {
        retryAfterMs: 2_000,
      })
    await new Promise<void>((go) => waiting.push(go))
  }
  running++
  try {
    return await new Promise((resolve, reject) =>
      scrypt(
        password.normalize('NFKC'),
        salt,
        KEY_BYTES,
        { ...cost, maxmem: 64 * 2 ** 20 },
        (error, key) => (error ? reject(error) : resolve(key)),
      ),
    )
  } finally {
    running--
    waiting.shift()?.()
  }
}
