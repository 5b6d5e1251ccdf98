/**
 * Finds a Chromium for the browser tests and the screenshots, or installs one where that is possible.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import path from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'

/** What a headless Chromium needs in a container, as root, and without talking to anybody but us. */
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--font-render-hinting=none',
]

/**
 * The executable: CHROMIUM, one on the PATH, or the one that Playwright has downloaded. Undefined when there is none.
 * @returns {Promise<string | undefined>}
 */
export async function findChromium() {
  const given = process.env.CHROMIUM
  if (given && !isExecutable(given)) throw new Error(`CHROMIUM names ${given}, which cannot be run`)
  if (given) return given
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  const onPath = NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name)))
  const { chromium } = await import('@playwright/test')
  return [...onPath, MAC, chromium.executablePath()].find(isExecutable)
}

/**
 * Finds it or installs it: with apt as root on Debian and its like, else with Playwright's own download.
 * @returns {Promise<string>}
 */
export async function needChromium() {
  const found = await findChromium()
  if (found) return found
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.log('No Chromium here; installing it with apt-get')
    run('apt-get', ['update', '-qq'])
    run('apt-get', [
      'install',
      '-y',
      '-qq',
      '--no-install-recommends',
      'chromium',
      'fonts-liberation',
    ])
  }
  if (!(await findChromium())) {
    console.log('No Chromium here; installing it with Playwright')
    run(process.execPath, ['node_modules/@playwright/test/cli.js', 'install', 'chromium'])
  }
  const installed = await findChromium()
  if (installed) return installed
  throw new Error(
    'There is no Chromium, and it could not be installed (see above). Install one (Debian: apt-get install chromium) or name its executable in CHROMIUM.',
  )
}

function run(program, args) {
  spawnSync(program, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
