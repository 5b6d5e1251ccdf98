/** Installs the peers, in pinned versions, into a folder of their own: nothing of them is in our package.json. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** The folder in which they are; installed on first use and when a version has changed. */
export function installPeers(folder: string): string {
  const wanted = readFileSync(path.join(import.meta.dirname, 'peers/package.json'), 'utf8')
  const target = path.join(folder, 'peers')
  const stamp = path.join(target, '.installed')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return target
  mkdirSync(target, { recursive: true })
  writeFileSync(path.join(target, 'package.json'), wanted)
  console.error('Installing the peers …')
  const npm = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: target,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (npm.status !== 0) throw new Error(`npm could not install the peers into ${target}`)
  writeFileSync(stamp, wanted)
  return target
}
