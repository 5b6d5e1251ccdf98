/**
 * One process at a time per data folder and purpose. The lock is a file that names its holder; a lock whose holder was
 * killed is void.
 */
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { identity, isAlive } from './processes.mjs'

/**
 * Runs `work` alone among the processes that lock `name` in this folder.
 * @template T
 * @param {string} data
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function locked(data, name, work) {
  mkdirSync(data, { recursive: true })
  const file = path.join(data, name)
  const mine = `${file}.${process.pid}.${++made}`
  writeFileSync(mine, identity(process.pid) ?? '')
  while (!taken(mine, file)) {
    clearDead(file)
    await delay(50)
  }
  rmSync(mine)
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

let made = 0

/** A link appears with its content, or not at all. */
function taken(mine, file) {
  try {
    linkSync(mine, file)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return false
  }
}

/** Two that find the same dead holder must not clear away the lock that one of them has taken since: whoever moved it looks again. */
function clearDead(file) {
  if (!existsSync(file) || isAlive(holder(file))) return
  const moved = `${file}.void.${process.pid}`
  try {
    renameSync(file, moved)
  } catch (error) {
    if (error.code === 'ENOENT') return
    throw error
  }
  if (isAlive(holder(moved))) taken(moved, file)
  rmSync(moved, { force: true })
}

function holder(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
