/**
 * `npm test`: everything that must hold, in phases, with a summary and one closing line that any CI can read.
 *
 *   node tests/run.mjs                        all phases, stopping at the first that fails
 *   node tests/run.mjs --only unit            one phase (or more: --only types,lint)
 *   node tests/run.mjs --only unit -- saga    arguments after -- go to the runner (unit: file filters; browser: too)
 *
 * 1. The exit code is 0 only when every phase passed. The summary and the closing line are always printed.
 * 2. The closing line counts tests. A phase that failed without naming a failed test counts as one failure, so that the
 *    line never reads like a success when there was none.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { build } from '../server/launch/build.mjs'
import { whenNpmGone } from '../server/launch/processes.mjs'
import { needChromium } from './support/chromium.mjs'

const root = path.resolve(import.meta.dirname, '..')
const at = (file) => path.join(root, 'node_modules', file)
const countsFolder = mkdtempSync(path.join(tmpdir(), 'sagawright-test-'))
const children = new Set()
let stopping = false

/** In this order; those of one row run side by side. */
const PHASES = [
  {
    types: async () => {
      await node('types', [at('next/dist/bin/next'), 'typegen'])
      await node('types', [at('typescript/bin/tsc'), '--noEmit', '-p', '.'])
    },
    lint: () => node('lint', [at('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings']),
    lock: () => node('lock', ['server/launch/complete-lock.mjs', '--check']),
    // dead files and dependencies; what is exported and not used yet is for `npm run knip` to tell
    knip: () =>
      node('knip', [at('knip/bin/knip.js'), '--no-progress', '--files', '--dependencies']),
  },
  {
    unit: (more) =>
      node('unit', [at('vitest/vitest.mjs'), 'run', '--config', 'tests/vitest.config.ts', ...more]),
  },
  {
    // what is decided may not depend on where the machine stands
    elsewhere: (more) =>
      node(
        'elsewhere',
        [at('vitest/vitest.mjs'), 'run', '--config', 'tests/vitest.elsewhere.config.ts', ...more],
        { TZ: 'Asia/Tokyo', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' },
      ),
  },
  {
    build: async () => {
      const built = await build(
        root,
        (what) => console.log(what),
        (child) => children.add(child),
      )
      if (!built) console.log('Nothing has changed since the last build.')
    },
  },
  {
    browser: async (more) => {
      const CHROMIUM = await needChromium()
      const cli = at('@playwright/test/cli.js')
      await node('browser', [cli, 'test', '--config', 'tests/playwright.config.ts', ...more], {
        CHROMIUM,
      })
    },
  },
]

const { values, positionals } = parseArgs({
  options: { only: { type: 'string' } },
  allowPositionals: true,
})
const names = PHASES.flatMap((row) => Object.keys(row))
const only = values.only?.split(',') ?? names
for (const name of only)
  if (!names.includes(name)) {
    console.error(`There is no phase ${name}; there are ${names.join(', ')}.`)
    process.exit(2)
  }

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stopAll(signal))
whenNpmGone(() => stopAll('SIGTERM'))

const results = []
const started = performance.now()
for (const row of PHASES) {
  const wanted = Object.entries(row).filter(([name]) => only.includes(name))
  const stop = stopping || results.some(({ failure }) => failure)
  if (stop) results.push(...wanted.map(([name]) => ({ name, skipped: true })))
  else results.push(...(await Promise.all(wanted.map(([name, run]) => phase(name, run)))))
}
summarize()

async function phase(name, run) {
  const begun = performance.now()
  console.log(`\n── ${name}`)
  let failure = ''
  await run(positionals).catch((error) => {
    failure = error.message
    if (error.details) console.error(error.details)
  })
  const seconds = (performance.now() - begun) / 1000
  console.log(`── ${name} ${failure ? `FAILED: ${failure}` : 'ok'}, ${seconds.toFixed(1)} s`)
  return { name, seconds, failure, counts: readCounts(name) }
}

/** Runs a Node program to its end; rejects when that is not good. */
function node(name, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...process.env,
        ...env,
        SAGAWRIGHT_COUNTS: countsFile(name),
        NEXT_TELEMETRY_DISABLED: '1',
      },
    })
    children.add(child)
    child.on('error', reject)
    child.on('close', (code, signal) => {
      children.delete(child)
      if (code === 0) resolve()
      else
        reject(new Error(`${path.basename(args[0])} ended with ${signal ?? `exit code ${code}`}`))
    })
  })
}

function stopAll(signal) {
  if (stopping) return
  stopping = true
  // a terminal's Ctrl-C has reached them already, and a second one would make Playwright leave its server behind
  const told = signal === 'SIGINT' && process.stdin.isTTY
  for (const child of children) child.stop ? child.stop() : told || child.kill(signal)
}

function countsFile(name) {
  return path.join(countsFolder, name)
}

function readCounts(name) {
  return existsSync(countsFile(name)) ? JSON.parse(readFileSync(countsFile(name), 'utf8')) : null
}

function summarize() {
  const sum = { passed: 0, failed: 0, skipped: 0 }
  console.log(`\n── summary, ${((performance.now() - started) / 1000).toFixed(1)} s`)
  for (const { name, seconds, failure, skipped, counts } of results) {
    const verdict = skipped ? 'not run' : failure ? 'FAILED' : 'ok'
    const tests = counts
      ? `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`
      : ''
    const time = skipped ? '' : `${seconds.toFixed(1)} s`
    console.log(
      `   ${name.padEnd(8)} ${verdict.padEnd(8)} ${time.padStart(8)}   ${tests}`.trimEnd(),
    )
    for (const key of Object.keys(sum)) sum[key] += counts?.[key] ?? 0
    if (failure && !counts?.failed) sum.failed++
  }
  rmSync(countsFolder, { recursive: true, force: true })
  const good = !stopping && results.every(({ failure, skipped }) => !failure && !skipped)
  console.log(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
  process.exit(good ? 0 : 1)
}
