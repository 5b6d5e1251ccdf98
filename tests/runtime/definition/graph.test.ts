import { describe, expect, test } from 'vitest'
import { buildGraph, compensationPlan, walkSteps } from '@/runtime/definition/graph'
import { type SagaDocument, sagaDocumentSchema } from '@/runtime/definition/schema'

const parse = (document: object): SagaDocument =>
  sagaDocumentSchema.parse({ kind: 'saga', name: 'test', ...document })

const act = (next?: string, effect = 'compensatable') => ({
  type: 'action',
  participant: 'ledger',
  operation: 'do',
  effect,
  ...(effect === 'compensatable' ? { compensation: { operation: 'undo' } } : {}),
  ...(next === undefined ? {} : { next }),
})

/** reserve → checks{money: fetch → weigh | law: read} → size{big → each[file] → done, otherwise → done}; done ends. */
const venture = parse({
  start: 'reserve',
  steps: {
    reserve: act('checks'),
    checks: {
      type: 'parallel',
      branches: {
        money: { start: 'fetch', steps: { fetch: act('weigh', 'readonly'), weigh: act() } },
        law: { start: 'read', steps: { read: act() } },
      },
      next: 'size',
    },
    size: {
      type: 'choice',
      branches: [{ when: 'input.big', label: 'big', next: 'each' }],
      otherwise: 'done',
    },
    each: {
      type: 'map',
      items: 'input.papers',
      region: { start: 'file', steps: { file: act() } },
      next: 'done',
    },
    done: { type: 'end' },
  },
})

describe('walkSteps', () => {
  test('finds every step with its region, parent, depth and path', () => {
    expect(
      walkSteps(venture).map(({ id, region, parent, depth, path }) => [
        id,
        region.join('/'),
        parent,
        depth,
        path.join('.'),
      ]),
    ).toEqual([
      ['reserve', '', null, 0, 'steps.reserve'],
      ['checks', '', null, 0, 'steps.checks'],
      ['fetch', 'checks/money', 'checks', 1, 'steps.checks.branches.money.steps.fetch'],
      ['weigh', 'checks/money', 'checks', 1, 'steps.checks.branches.money.steps.weigh'],
      ['read', 'checks/law', 'checks', 1, 'steps.checks.branches.law.steps.read'],
      ['size', '', null, 0, 'steps.size'],
      ['each', '', null, 0, 'steps.each'],
      ['file', 'each', 'each', 1, 'steps.each.region.steps.file'],
      ['done', '', null, 0, 'steps.done'],
    ])
  })
})

describe('buildGraph', () => {
  const graph = buildGraph(venture)

  test('has one edge per arrow, with port, label and region', () => {
    expect(
      graph.edges.map(({ from, to, port, label, region }) => [
        from,
        port,
        to,
        label,
        region.join('/'),
      ]),
    ).toEqual([
      [null, undefined, 'reserve', undefined, ''],
      ['reserve', 'next', 'checks', undefined, ''],
      ['checks', 'next', 'size', undefined, ''],
      ['size', 'branch:0', 'each', 'big', ''],
      ['size', 'otherwise', 'done', 'otherwise', ''],
      ['each', 'next', 'done', undefined, ''],
      [null, undefined, 'fetch', undefined, 'checks/money'],
      ['fetch', 'next', 'weigh', undefined, 'checks/money'],
      [null, undefined, 'read', undefined, 'checks/law'],
      [null, undefined, 'file', undefined, 'each'],
    ])
    expect(graph.dangling).toEqual([])
    expect(graph.cycles).toEqual([])
  })

  test('names the place of each target in the document', () => {
    const places = graph.edges.map(({ path }) => path.join('.'))
    expect(places).toContain('start')
    expect(places).toContain('steps.size.branches.0.next')
    expect(places).toContain('steps.each.region.start')
  })

  test('keeps successors and predecessors inside a region', () => {
    expect(graph.successors('checks')).toEqual(['size'])
    expect(graph.successors('weigh')).toEqual([])
    expect(graph.predecessors('done')).toEqual(['size', 'each'])
    expect(graph.predecessors('fetch')).toEqual([])
  })

  test('lets control flow into regions and out to what follows the container', () => {
    expect(graph.flowsTo(null)).toEqual(['reserve'])
    expect(graph.flowsTo('checks')).toEqual(['fetch', 'read'])
    expect(graph.flowsTo('weigh')).toEqual(['size'])
    expect(graph.flowsTo('each')).toEqual(['file', 'done'])
    expect([...graph.reachableFrom('fetch')].sort()).toEqual([
      'done',
      'each',
      'file',
      'size',
      'weigh',
    ])
    expect(graph.reachableFrom(null).size).toBe(9)
    expect(graph.reachableFrom('done').size).toBe(0)
  })

  test('orders every step before what follows it, regions right after their container', () => {
    expect(graph.order).toEqual([
      'reserve',
      'checks',
      'fetch',
      'weigh',
      'read',
      'size',
      'each',
      'file',
      'done',
    ])
  })

  test('knows which steps may change the world', () => {
    expect([...graph.steps.keys()].filter((id) => graph.effectful(id))).toEqual([
      'reserve',
      'weigh',
      'read',
      'each',
      'file',
    ])
  })

  test('leaves by timeout from a signal', () => {
    const graph = buildGraph(
      parse({
        start: 'ask',
        steps: {
          ask: { type: 'signal', signal: 'go', onTimeout: { next: 'late' }, next: 'go' },
          go: { type: 'end' },
          late: { type: 'end', outcome: 'failed' },
        },
      }),
    )
    expect(graph.successors('ask')).toEqual(['go', 'late'])
    expect(graph.edges.map(({ port }) => port)).toEqual([undefined, 'next', 'timeout'])
    expect(graph.endsRegion('go')).toBe(true)
    expect(graph.endsRegion('late')).toBe(false)
    expect(graph.endsRegion('ask')).toBe(false)
  })

  test('does not go on after a branch that ends as failed', () => {
    const graph = buildGraph(
      parse({
        start: 'both',
        steps: {
          both: {
            type: 'parallel',
            branches: { only: { start: 'no', steps: { no: { type: 'end', outcome: 'failed' } } } },
            next: 'never',
          },
          never: act(),
        },
      }),
    )
    expect([...graph.reachableFrom(null)]).toEqual(['both', 'no'])
  })

  test('tolerates targets that do not exist, or exist in another region only', () => {
    const graph = buildGraph(
      parse({
        start: 'gone',
        steps: {
          a: { ...act('constructor') },
          all: { type: 'map', items: '[]', region: { start: 'b', steps: { b: act('a') } } },
        },
      }),
    )
    expect(graph.dangling.map(({ from, to, path }) => [from, to, path.join('.')])).toEqual([
      [null, 'gone', 'start'],
      ['a', 'constructor', 'steps.a.next'],
      ['b', 'a', 'steps.all.region.steps.b.next'],
    ])
    expect(graph.reachableFrom(null).size).toBe(0)
    expect(graph.order).toEqual(['a', 'all', 'b'])
  })

  test('lets the first step keep an id that is used twice, even inside itself', () => {
    const graph = buildGraph(
      parse({
        start: 'a',
        steps: { a: { type: 'map', items: '[]', region: { start: 'a', steps: { a: act() } } } },
      }),
    )
    expect(graph.duplicates.map(({ path }) => path.join('.'))).toEqual(['steps.a.region.steps.a'])
    expect(graph.order).toEqual(['a'])
  })

  test('names a cycle by its steps and still orders the rest', () => {
    const graph = buildGraph(
      parse({
        start: 'a',
        steps: {
          a: act('b'),
          b: {
            type: 'choice',
            branches: [{ when: 'true', next: 'c' }],
            otherwise: 'd',
          },
          c: act('b'),
          d: act(),
        },
      }),
    )
    expect(graph.cycles).toEqual([['b', 'c']])
    expect(graph.order).toEqual(['a', 'b', 'c', 'd'])
    expect(graph.reachableFrom('b').has('b')).toBe(true)
    expect(graph.reachableFrom('a').has('a')).toBe(false)
  })

  test('puts loose steps last in text order, but before what they lead to', () => {
    const loose = buildGraph(parse({ start: 'z', steps: { x: act(), y: act(), z: act() } }))
    expect(loose.order).toEqual(['z', 'x', 'y'])
    const leading = buildGraph(parse({ start: 'z', steps: { z: act(), y: act('z') } }))
    expect(leading.order).toEqual(['y', 'z'])
  })

  test('takes less than half a second for 10,000 steps in a row, and for 10,000 loose ones', () => {
    const row: Record<string, unknown> = {}
    const heap: Record<string, unknown> = {}
    for (let n = 0; n < 10_000; n++) {
      row[`s${n}`] = act(n < 9_999 ? `s${n + 1}` : undefined)
      heap[`s${n}`] = act()
    }
    for (const steps of [row, heap]) {
      const document = parse({ start: 's0', steps })
      const before = process.cpuUsage()
      const graph = buildGraph(document)
      expect(graph.order).toHaveLength(10_000)
      expect(compensationPlan(document, graph)).toHaveLength(10_000)
      graph.reachableFrom(null)
      const { user, system } = process.cpuUsage(before)
      expect((user + system) / 1000).toBeLessThan(500)
    }
  })
})

describe('compensationPlan', () => {
  const ranks = (document: SagaDocument) =>
    compensationPlan(document).map(({ step, rank }) => `${rank} ${step}`)

  test('undoes a row in reverse and parallel branches at the same time', () => {
    expect(ranks(venture)).toEqual(['1 file', '2 read', '2 weigh', '3 reserve'])
  })

  test('undoes one at a time when the saga says reverse', () => {
    expect(ranks({ ...venture, compensationOrder: 'reverse' })).toEqual([
      '1 file',
      '2 read',
      '3 weigh',
      '4 reserve',
    ])
  })

  test('gives the ways of a choice the same rank', () => {
    const document = parse({
      start: 'a',
      steps: {
        a: act('which'),
        which: { type: 'choice', branches: [{ when: 'input.x', next: 'b' }], otherwise: 'd' },
        b: act('c'),
        c: act('e'),
        d: act('e'),
        e: act(),
      },
    })
    expect(ranks(document)).toEqual(['1 e', '2 d', '2 c', '3 b', '4 a'])
  })

  test('names whom it calls, and leaves out what has no way back', () => {
    const document = parse({
      start: 'a',
      steps: {
        a: { ...act('b'), compensation: { operation: 'cancel', participant: 'bank' } },
        b: { type: 'saga', saga: 'audit@2', next: 'c' },
        c: act('d', 'pivot'),
        d: act(undefined, 'retriable'),
      },
    })
    expect(compensationPlan(document)).toEqual([
      { step: 'b', rank: 1, participant: 'audit@2', operation: 'unwind' },
      { step: 'a', rank: 2, participant: 'bank', operation: 'cancel' },
    ])
  })
})
