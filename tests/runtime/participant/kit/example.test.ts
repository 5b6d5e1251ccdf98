/** The example in the kit's header is compiled, as a service author would: against the kit and pg, strictly. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'

const root = path.resolve(import.meta.dirname, '../../../..')
const handler = path.join(root, 'runtime/participant/kit/participant-handler')

function compile(source: string): Promise<{ stdout: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'kit-example-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(path.join(folder, 'service.ts'), source.replace('./participant-handler', handler))
  writeFileSync(
    path.join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: path.join(root, 'tsconfig.json'),
      compilerOptions: {
        paths: { '*': [`${root}/node_modules/@types/*`, `${root}/node_modules/*`] },
        typeRoots: [path.join(root, 'node_modules/@types')],
        incremental: false,
        allowJs: false,
        plugins: [],
      },
      include: [path.join(folder, 'service.ts')],
    }),
  )
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
  return promisify(execFile)(process.execPath, [tsc, '--noEmit', '-p', folder], { cwd: folder })
}

it('compiles, and would not if it were wrong', async () => {
  const header = readFileSync(`${handler}.ts`, 'utf8')
  const block = /```ts\n([\s\S]*?)```/.exec(header)?.[1]
  const example = block?.replace(/^ \* ?/gm, '') ?? ''
  expect(example).toContain('createParticipantHandler({')
  await expect(compile(example)).resolves.toMatchObject({ stdout: '' })
  await expect(compile(example.replace('store: pool', 'store: 1'))).rejects.toMatchObject({
    stdout: expect.stringContaining("Type 'number' is not assignable"),
  })
}, 60_000)
