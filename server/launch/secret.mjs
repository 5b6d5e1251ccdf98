/**
 * The instance's secret: it signs sessions, and the keys that seal participants' secrets are derived from it. Given as
 * NEXTAUTH_SECRET, or made once and kept beside the data it protects; lose it, and those secrets must be set anew.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/**
 * The secret of the instance whose data are in that folder.
 * @param {string} data
 */
export function secret(data) {
  if (process.env.NEXTAUTH_SECRET) return process.env.NEXTAUTH_SECRET
  const file = path.join(data, 'secret')
  if (!existsSync(file)) {
    mkdirSync(data, { recursive: true })
    writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 })
  }
  return readFileSync(file, 'utf8').trim()
}
