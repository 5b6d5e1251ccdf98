/**
 * What became of an embedded database that died: written by whoever watches it (database.mjs), read by health.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/**
 * @typedef {object} DatabaseRestarts
 * @property {number} count how often it was started again on this folder
 * @property {number | null} lastAt the last time, Unix milliseconds
 * @property {number | null} since since when it is away; null while it runs
 * @property {number} tries tries to start it again since then
 * @property {string | null} why why the last try failed
 */

/**
 * Null when it never died, or when this process has no data folder of its own.
 * @param {string | undefined} data
 * @returns {DatabaseRestarts | null}
 */
export function databaseRestarts(data = process.env.SAGAWRIGHT_DATA) {
  if (!data || !existsSync(fileIn(data))) return null
  try {
    return JSON.parse(readFileSync(fileIn(data), 'utf8'))
  } catch {
    return null // health must not fail for a damaged note
  }
}

/**
 * @param {string} data
 * @param {DatabaseRestarts} restarts
 */
export function noteRestarts(data, restarts) {
  const fresh = `${fileIn(data)}.${process.pid}`
  writeFileSync(fresh, JSON.stringify(restarts))
  renameSync(fresh, fileIn(data))
}

const fileIn = (data) => path.join(data, 'database-restarts.json')
