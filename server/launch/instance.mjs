/**
 * One launcher per data folder. `.data/instance.json` names it, its children and the address it serves, so that a
 * second start says so, a start after a crash clears away what is left, and the CLI finds the server.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { locked } from './lock.mjs'
import { identity, isAlive, waitGone } from './processes.mjs'
import { LaunchError } from './progress.mjs'

/** @typedef {{ id: string, origin: string | null, children: string[] }} Instance */

/**
 * The launcher that runs on this data folder now, or null.
 * @param {string} data
 * @returns {Instance | null}
 */
export function runningInstance(data) {
  const instance = read(data)
  return instance && isAlive(instance.id) ? instance : null
}

/**
 * Makes this process the folder's launcher, once the children of one that was killed are gone.
 * @param {string} data
 */
export async function claimInstance(data) {
  return locked(data, 'instance-lock', () => claim(data))
}

async function claim(data) {
  const before = read(data)
  if (before && isAlive(before.id))
    throw new LaunchError(
      `It already runs from this folder (process ${Number.parseInt(before.id, 10)})${before.origin ? `: ${before.origin}` : ''}.`,
      {
        next: 'Use that one, or stop it first. For a second one beside it set SAGAWRIGHT_DATA to another folder.',
      },
    )
  for (const child of before?.children ?? []) await waitGone(child)

  /** @type {Instance} */
  const mine = { id: identity(process.pid) ?? '', origin: null, children: [] }
  const save = () => write(data, mine)
  save()
  return {
    serves(origin) {
      mine.origin = origin
      save()
    },
    /** @param {string | null} child */
    adds(child) {
      if (child) mine.children.push(child)
      save()
    },
    release: () => rmSync(fileIn(data), { force: true }),
  }
}

const fileIn = (data) => path.join(data, 'instance.json')

function read(data) {
  if (!existsSync(fileIn(data))) return null
  return JSON.parse(readFileSync(fileIn(data), 'utf8'))
}

function write(data, instance) {
  mkdirSync(data, { recursive: true })
  const fresh = `${fileIn(data)}.${process.pid}`
  writeFileSync(fresh, JSON.stringify(instance))
  renameSync(fresh, fileIn(data))
}
