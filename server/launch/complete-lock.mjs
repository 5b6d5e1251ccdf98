/**
 * Completes package-lock.json with the binary packages of other platforms. A filtered registry may lack them; npm then
 * leaves them out of the lock file, and `npm ci` refuses the result. This writes the missing optional entries (name,
 * version, os, cpu), so that `npm ci` works there and anywhere else. Run it after `npm install`; --check only tells.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const OS = {
  darwin: 'darwin',
  linux: 'linux',
  android: 'android',
  freebsd: 'freebsd',
  openharmony: 'openharmony',
  win32: 'win32',
  windows: 'win32',
  netbsd: 'netbsd',
  openbsd: 'openbsd',
  sunos: 'sunos',
  aix: 'aix',
}
const CPU = {
  x64: 'x64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: 'ia32',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  loong64: 'loong64',
  mips64el: 'mips64el',
  wasm32: 'wasm32',
}
const added = []

for (const [where, pkg] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(pkg.optionalDependencies ?? {})) {
    const nested = `${where}/node_modules/${name}`
    const top = `node_modules/${name}`
    if (lock.packages[nested] || lock.packages[top]) continue
    const words = name.replace('wasm32-wasi', 'wasm32').split(/[-/]/)
    const os = words.map((w) => OS[w]).find(Boolean)
    const cpu = words.map((w) => CPU[w]).find(Boolean)
    if (!os && !cpu) {
      console.warn(`no platform in the name of ${name} (${where})`)
      continue
    }
    lock.packages[top] = {
      version: range.replace(/^[\^~]/, ''),
      ...(cpu && { cpu: [cpu] }),
      ...(pkg.dev && { dev: true }),
      ...(words.at(-1) === 'musl' && { libc: ['musl'] }),
      optional: true,
      ...(os && { os: [os] }),
    }
    added.push(name)
  }
}

if (added.length && !process.argv.includes('--check')) {
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')),
  )
  writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`)
}
console.log(
  added.length
    ? `${added.length} optional packages were missing:\n${added.join(' ')}`
    : 'package-lock.json is complete',
)
process.exit(added.length && process.argv.includes('--check') ? 1 : 0)
