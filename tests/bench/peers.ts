/** Installs the peers, in pinned versions, into a folder of their own: nothing of them is in our package.json. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const MANIFEST = ['package.json', 'package-lock.json']

/** The folder in which they are; installed on first use and when a version has changed. */
export function installPeers(folder: string): string {
  const source = path.join(import.meta.dirname, 'peers')
  const target = path.join(folder, 'peers')
  const stamp = path.join(target, '.installed')
  const wanted = MANIFEST.map((name) => readFileSync(path.join(source, name), 'utf8')).join('\n')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return target
  mkdirSync(target, { recursive: true })
  for (const name of MANIFEST) copyFileSync(path.join(source, name), path.join(target, name))
  console.error('Installing the peers …')
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: target,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (npm.status !== 0)
    throw new Error(
      `npm could not install the peers into ${target}: run "npm ci" there to see why, or measure without them (--only roofline)`,
    )
  writeFileSync(stamp, wanted)
  return target
}
