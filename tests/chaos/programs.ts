/**
 * The worker and the demo services, each bundled into one file: workers come and go all the time here, and on a small machine
 * transpiling them anew would take from their heirs the processor that they recover with (measured: 0.85 s of it per start
 * by way of tsx, 0.4 s from one file).
 *
 * What is installed stays outside of the bundle, and so do the launcher's own .mjs files, which find others by their place.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

export interface Programs {
  worker: string
  demo: string
  remove(): void
}

const root = path.resolve(import.meta.dirname, '../..')

/** Below node_modules, so that the bundles find what is installed there. */
export async function bundlePrograms(): Promise<Programs> {
  const cache = path.join(root, 'node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  const into = mkdtempSync(path.join(cache, 'chaos-'))
  const remove = () => rmSync(into, { recursive: true, force: true })
  try {
    await build({
      entryPoints: { worker: 'server/launch/worker.ts', demo: 'server/demo/main.ts' },
      absWorkingDir: root,
      outdir: into,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      packages: 'external',
      logLevel: 'error',
      plugins: [
        {
          name: 'launcher stays in place',
          setup: ({ onResolve }) =>
            onResolve({ filter: /\.mjs$/ }, ({ path: file, resolveDir }) =>
              file.startsWith('.')
                ? { path: pathToFileURL(path.resolve(resolveDir, file)).href, external: true }
                : undefined,
            ),
        },
      ],
    })
  } catch (error) {
    remove()
    throw error
  }
  const at = (name: string) => path.join(into, `${name}.mjs`)
  return { worker: at('worker'), demo: at('demo'), remove }
}
