/**
 * Holds the house together: who may import whom, which folders are pure, no cycles, no dead files, and the few rules of
 * naming that a reader relies on. Each rule is a function from sources to complaints, so that the last tests can show it
 * a planted mistake: a rule that cannot fail holds nothing.
 *
 * To add a folder of the runtime, give it a row in `LINE`; to make a file an entry that nobody imports, name it in
 * `ENTRIES` with its reason.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  codeOf,
  type Import,
  parseTree,
  readTree,
  type SourceFile,
  valueCycles,
} from './support/source-tree'

const ROOT = path.resolve(import.meta.dirname, '..')
const FOLDERS = ['app', 'components', 'prisma', 'runtime', 'server', 'tests']
const TREE = readTree(
  ROOT,
  FOLDERS.filter((folder) => existsSync(path.join(ROOT, folder))),
)

/**
 * The line of imports in runtime/: whose *values* a folder (or file) may use. Types are free inside runtime/, because
 * they cost nothing at run time; so `expression` knows the type of a mapping and yet stands left of `definition`, whose
 * parser reads expressions.
 */
const LINE: Record<string, readonly string[]> = {
  errors: [],
  ports: [],
  runtime: [],
  storable: ['errors'],
  security: ['errors'],
  expression: ['errors'],
  definition: ['errors', 'expression'],
  verifier: ['errors', 'storable', 'expression', 'definition'],
  compiler: ['errors', 'security', 'expression', 'definition'],
  journal: ['errors', 'cluster'],
  projection: ['errors', 'expression', 'definition', 'journal'],
  saga: [
    'errors',
    'ports',
    'storable',
    'security',
    'expression',
    'definition',
    'compiler',
    'cluster',
    'journal',
  ],
  participant: ['errors', 'storable', 'security', 'definition', 'journal'],
  cluster: ['errors', 'ports'],
  postgres: ['errors', 'security', 'definition', 'cluster', 'journal'],
  system: ['ports'],
  examine: ['errors', 'definition', 'verifier', 'compiler'],
  'create-runtime': [
    'errors',
    'ports',
    'storable',
    'security',
    'definition',
    'examine',
    'cluster',
    'journal',
    'saga',
  ],
}

/** The same input gives the same output there, in browser and server, today and in a replay. */
const PURE = [
  'errors',
  'ports',
  'runtime',
  'storable',
  'definition',
  'expression',
  'verifier',
  'compiler',
  'journal',
  'saga',
  'projection',
]

const IMPURE = [
  { what: 'the time', pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.now\b/ },
  { what: 'chance', pattern: /\bMath\.random\b|\brandomUUID\b|\bgetRandomValues\b/ },
  { what: 'timers', pattern: /\b(setTimeout|setInterval|setImmediate)\b/ },
  { what: 'the process', pattern: /\bprocess\.|\bconsole\./ },
  { what: 'the network', pattern: /(?<![.#\w])fetch\(/ },
] as const

/** Packages that only these folders may know; tests may know all. */
const HOMES: Record<string, readonly string[]> = {
  xstate: ['runtime/compiler/'],
  jsonata: ['runtime/expression/'],
  pg: ['runtime/postgres/', 'runtime/participant/kit/', 'server/'],
  react: ['components/', 'app/'],
  next: ['components/', 'app/', 'server/'],
  '@trpc/server': ['server/', 'app/', 'components/'],
  '@prisma/client': ['runtime/postgres/', 'server/', 'prisma/'],
}

/** Runtime files whose values components may use: pure, and fit for a browser. */
const FOR_COMPONENTS =
  /^(runtime\/(definition|expression|verifier|projection)\/|runtime\/journal\/(entry|verbs)\.ts$|runtime\/storable\.ts$|server\/api\/(contract|wire-format)\.ts$)/

/** Files made for others, so that nobody here imports them. What a script or a path in a source names is found. */
const ENTRIES: Record<string, string> = {
  'runtime/index.ts': 'the public API',
  'runtime/definition/memory-definition-store.ts': 'for sagas without durability, and tests',
  'server/demo/audit.ts': 'how npm run chaos reads what the demo services did',
  'runtime/participant/kit/participant-handler.ts': 'what service authors import',
}

/** Ready before what will use them; take a line out when its user is there. */
const AWAITED = new Set<string>([])

type Rule = (tree: readonly SourceFile[]) => string[]

const roomOf = (file: string) => /^runtime\/([^/.]+)/.exec(file)?.[1]
const complain = ({ file }: SourceFile, line: number, rule: string) => `${file}:${line} ${rule}`
const eachImport = (
  judge: (from: SourceFile, used: Import) => string | false | undefined,
): Rule => {
  return (tree) =>
    tree.flatMap((from) =>
      from.imports.flatMap((used) => {
        const complaint = judge(from, used)
        return complaint ? [complain(from, used.line, complaint)] : []
      }),
    )
}

const runtimeLine = eachImport(({ file }, { target, type }) => {
  const [from, to] = [roomOf(file), roomOf(target)]
  if (from === undefined || file === 'runtime/index.ts') return
  if (/^(app|components|server|tests)\//.test(target)) return `runtime/ may not import ${target}`
  if (target.startsWith('prisma/') && from !== 'postgres')
    return `only runtime/postgres knows Prisma`
  if (to === undefined || to === from || type) return
  if (LINE[from] === undefined) return `give runtime/${from} a row in LINE`
  return (
    !LINE[from].includes(to) && `runtime/${from} may not use values of runtime/${to} (${target})`
  )
})

const surroundings = eachImport(({ file }, { target, type }) => {
  if (file.startsWith('components/')) {
    if (target.startsWith('app/')) return `components/ may not import ${target}`
    const inside = /^(runtime|server|prisma)\//.test(target)
    return (
      inside &&
      !type &&
      !FOR_COMPONENTS.test(target) &&
      `components/ may use only the types of ${target}`
    )
  }
  if (file.startsWith('app/')) {
    return (
      /^(runtime|prisma)\//.test(target) &&
      !type &&
      `app/ is thin: reach ${target} through server/ or components/`
    )
  }
  if (!file.startsWith('server/')) return
  if (/^(app|components)\//.test(target)) return `server/ may not import ${target}`
  if (type || target === 'runtime/journal/entry.ts') return
  return (
    /^runtime\/(saga|journal|expression|create-runtime)/.test(target) &&
    `server/ is an embedder: use runtime/index.ts instead of ${target}`
  )
})

const homes = eachImport(({ file }, { written, type }) => {
  const name = Object.keys(HOMES).find((name) => written === name || written.startsWith(`${name}/`))
  if (name === undefined || type || file.startsWith('tests/')) return
  return !HOMES[name]?.some((home) => file.startsWith(home)) && `${name} belongs to ${HOMES[name]}`
})

const purity: Rule = (tree) =>
  tree
    .filter(({ file }) => PURE.includes(roomOf(file) ?? ''))
    .flatMap((source) => {
      const nodes = source.imports
        .filter(({ written }) => /^node:|^@prisma\//.test(written))
        .map(({ line, written }) => complain(source, line, `a pure file may not import ${written}`))
      const lines = codeOf(source.text).split('\n')
      const touches = lines.flatMap((code, index) =>
        IMPURE.filter(({ pattern }) => pattern.test(code)).map(({ what }) =>
          complain(
            source,
            index + 1,
            `a pure file may not touch ${what}: pass it in by runtime/ports.ts`,
          ),
        ),
      )
      return [...nodes, ...touches]
    })

const cycles: Rule = (tree) =>
  valueCycles(tree).map((cycle) => `${cycle[0]}:1 imports itself: ${cycle.join(' → ')}`)

/** Alive: imported by product code, named in a script or by another source as a path, or an entry. */
const deadFiles: Rule = (tree) => {
  const product = tree.filter(({ file }) => !file.startsWith('tests/'))
  const used = new Set(product.flatMap(({ imports }) => imports.map(({ target }) => target)))
  const scripts = [...readdirSync(ROOT), '.ci/run', 'tests/run.mjs']
    .filter(
      (name) => /^package\.json$|\.(ts|mjs)$|run$/.test(name) && existsSync(path.join(ROOT, name)),
    )
    .map((name) => readFileSync(path.join(ROOT, name), 'utf8'))
  const texts = [...scripts, ...product.map(({ text }) => text)]
  return product
    .filter(({ file }) => /^(runtime|components|server)\//.test(file))
    .filter(({ file }) => !used.has(file) && !file.endsWith('.d.ts'))
    .filter(({ file }) => ENTRIES[file] === undefined && !AWAITED.has(file))
    .filter(({ file }) => {
      const named = [
        file,
        file.replace(/\.tsx?$/, ''),
        `/${path.basename(file)}'`,
        `'${path.basename(file)}'`,
      ]
      return !texts.some((text) => named.some((name) => text.includes(name)))
    })
    .map((source) => complain(source, 1, 'is imported by nobody; remove it, or name it in ENTRIES'))
}

const names: Rule = (tree) =>
  tree.flatMap((source) => {
    const parts = source.file.split('/')
    const base = parts.at(-1) ?? ''
    const folder = parts.find((part) => /^(utils?|commons?|helpers?|shared)$/.test(part))
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*\.(ts|tsx|mts|mjs)$/
    const routes = source.file.startsWith('app/')
    return [
      ...(folder === undefined
        ? []
        : [`a folder called ${folder} says nothing about its contents`]),
      ...(routes || kebab.test(base) ? [] : ['file names are kebab-case']),
      ...(base === 'index.ts' && source.file !== 'runtime/index.ts'
        ? ['import the file, not a barrel']
        : []),
    ].map((rule) => complain(source, 1, rule))
  })

const headers: Rule = (tree) =>
  tree
    .filter(({ file, text }) => file.startsWith('runtime/') && !/^(#!.*\n)?\/\*\*/.test(text))
    .map((source) =>
      complain(source, 1, 'begins without a header comment that says what it is for'),
    )

const RULES = {
  'runtime/ imports run one way': runtimeLine,
  'components/, app/ and server/ import what they may': surroundings,
  'packages stay at home': homes,
  'pure folders touch neither time, chance, Node nor Prisma': purity,
  'no file imports itself in a circle': cycles,
  'no file is dead': deadFiles,
  'names tell': names,
  'every runtime file says what it is for': headers,
}

describe('the tree', () => {
  for (const [title, rule] of Object.entries(RULES)) {
    test(title, () => expect(rule(TREE)).toEqual([]))
  }

  test('is really read', () => {
    const schema = TREE.find(({ file }) => file === 'runtime/definition/schema.ts')
    expect(schema?.imports.map(({ written }) => written)).toEqual(['zod'])
    expect(TREE.filter(({ imports }) => imports.length > 0).length).toBeGreaterThan(50)
  })
})

describe('each rule finds a planted mistake', () => {
  const plant = (rule: Rule, files: Record<string, string>) =>
    rule(parseTree(new Map(Object.entries(files))))
  const cases: [string, Rule, Record<string, string>, string][] = [
    [
      'a value from the right of the line',
      runtimeLine,
      { 'runtime/definition/a.ts': "\nimport { b } from '../saga/b'", 'runtime/saga/b.ts': '' },
      'runtime/definition/a.ts:2 runtime/definition may not use values of runtime/saga (runtime/saga/b.ts)',
    ],
    [
      'the runtime that knows its server',
      runtimeLine,
      { 'runtime/saga/a.ts': "import type { B } from '@/server/b'", 'server/b.ts': '' },
      'runtime/saga/a.ts:1 runtime/ may not import server/b.ts',
    ],
    [
      'a component that uses server values',
      surroundings,
      { 'components/a.tsx': "import { type B, c } from '@/server/b'", 'server/b.ts': '' },
      'components/a.tsx:1 components/ may use only the types of server/b.ts',
    ],
    [
      'a route that reaches past the server',
      surroundings,
      { 'app/page.tsx': "import { b } from '@/runtime/saga/b'", 'runtime/saga/b.ts': '' },
      'app/page.tsx:1 app/ is thin: reach runtime/saga/b.ts through server/ or components/',
    ],
    [
      'a package away from home',
      homes,
      { 'runtime/saga/a.ts': "import { createMachine } from 'xstate'" },
      'runtime/saga/a.ts:1 xstate belongs to runtime/compiler/',
    ],
    [
      'the clock in a pure file',
      purity,
      {
        'runtime/saga/a.ts':
          "// Date.now is not called here\nconst a = 'Date.now'\nlet b = Date.now()",
      },
      'runtime/saga/a.ts:3 a pure file may not touch the time: pass it in by runtime/ports.ts',
    ],
    [
      'Node in a pure file',
      purity,
      { 'runtime/verifier/a.ts': "import fs from 'node:fs'" },
      'runtime/verifier/a.ts:1 a pure file may not import node:fs',
    ],
    [
      'a circle of values',
      cycles,
      {
        'server/a.ts': "import { b } from './b'",
        'server/b.ts': "export { c } from './c'",
        'server/c.ts': "import type { b } from './b'\nimport { a } from './a'",
      },
      'server/a.ts:1 imports itself: server/a.ts → server/b.ts → server/c.ts → server/a.ts',
    ],
    [
      'a file that nobody imports',
      deadFiles,
      { 'server/lonely-file.ts': '', 'tests/a.ts': "import '../server/lonely-file'" },
      'server/lonely-file.ts:1 is imported by nobody; remove it, or name it in ENTRIES',
    ],
    [
      'a folder that says nothing',
      names,
      { 'server/utils/a.ts': '' },
      'server/utils/a.ts:1 a folder called utils says nothing about its contents',
    ],
    [
      'a name in another case',
      names,
      { 'server/aB.ts': '' },
      'server/aB.ts:1 file names are kebab-case',
    ],
    [
      'a barrel',
      names,
      { 'server/api/index.ts': '' },
      'server/api/index.ts:1 import the file, not a barrel',
    ],
    [
      'a runtime file without a header',
      headers,
      { 'runtime/a.ts': 'export {}' },
      'runtime/a.ts:1 begins without a header comment that says what it is for',
    ],
  ]
  for (const [title, rule, files, complaint] of cases) {
    test(title, () => expect(plant(rule, files)).toEqual([complaint]))
  }

  test('and types may cross the line', () => {
    const files = {
      'runtime/expression/a.ts':
        "import type { B } from '../definition/b'\nimport { type C } from '../definition/b'\ntype D = import('../definition/b').D",
      'runtime/definition/b.ts': '',
    }
    expect(plant(runtimeLine, files)).toEqual([])
  })
})
