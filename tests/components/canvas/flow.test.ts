import { describe, expect, it } from 'vitest'
import { edgeId, toFlow } from '@/components/canvas/flow'
import { read, SOURCE } from './fixture'

describe('toFlow', () => {
  it('draws each step once, brackets before what they hold', () => {
    const flow = toFlow(read())
    const ids = flow.nodes.map((node) => node.id)
    expect(ids).toEqual([
      'start:',
      'reserve',
      'checks',
      'lane:checks/legal',
      'start:checks/legal',
      'name_it',
      'lane:checks/look',
      'start:checks/look',
      'screen',
      'large',
      'ask',
      'pay',
      'papers',
      'late',
      'done:',
    ])
    expect(flow.nodes.find((node) => node.id === 'screen')?.parent).toBe('lane:checks/look')
  })

  it('leads an arrow from each port to its target, and loose ends of the root to the end', () => {
    const flow = toFlow(read())
    const arrows = flow.edges.map(({ source, port, target }) => `${source} ${port} ${target}`)
    expect(arrows).toEqual([
      'start:checks/legal start name_it',
      'start:checks/look start screen',
      'start: start reserve',
      'reserve next checks',
      'checks next large',
      'large branch:0 ask',
      'large otherwise pay',
      'ask next pay',
      'pay next papers',
      'papers next done:',
      'papers timeout late',
    ])
    expect(flow.edges.find((edge) => edge.id === edgeId('large', 'branch:0'))?.label).toBe(
      'Large (much) to Ask',
    )
  })

  it('numbers the way back in the order it runs and joins it against the flow', () => {
    const flow = toFlow(read())
    const rank = (id: string) => {
      const node = flow.nodes.find((one) => one.id === id)
      return node?.kind === 'step' ? node.data.undo?.rank : undefined
    }
    expect([rank('name_it'), rank('reserve')]).toEqual([1, 2])
    expect(flow.undoEdges).toEqual([
      { id: 'undo:name_it→reserve', source: 'name_it', target: 'reserve' },
    ])
  })

  it('marks a compensatable step without a compensation', () => {
    const flow = toFlow(read())
    const missing = flow.nodes.flatMap((node) =>
      node.kind === 'step' && node.data.undoMissing ? [node.id] : [],
    )
    expect(missing).toEqual(['pay'])
  })

  it('keeps the data object of every step that an edit did not touch', () => {
    const before = toFlow(read())
    const after = toFlow(read(SOURCE.replace('title: Reserve', 'title: Hold')), [], before)
    const changed = after.nodes.filter((node, n) => node.data !== before.nodes[n]?.data)
    expect(changed.map((node) => node.id)).toEqual(['reserve'])
  })

  it('counts the problems of a step, the gravest first', () => {
    const issue = { code: 'x', path: [], step: 'pay' }
    const flow = toFlow(read(), [
      { ...issue, severity: 'warning', message: 'Careful.' },
      { ...issue, severity: 'error', message: 'Wrong.' },
      { ...issue, severity: 'info', message: 'By the way.' },
    ])
    const pay = flow.nodes.find((node) => node.id === 'pay')
    expect(pay?.kind === 'step' && pay.data.problems).toEqual({
      errors: 1,
      warnings: 1,
      first: 'Wrong.',
    })
  })
})

describe('the way back', () => {
  it('is drawn without shortcuts past a bracket that may be skipped', () => {
    const flow = toFlow(
      read(`kind: saga
name: skipping
start: a
steps:
  a: { type: action, participant: p, operation: a, effect: compensatable, compensation: { operation: x }, next: each }
  each:
    type: map
    items: input.items
    next: c
    region:
      start: b
      steps:
        b: { type: action, participant: p, operation: b, effect: compensatable, compensation: { operation: x } }
  c: { type: action, participant: p, operation: c, effect: compensatable, compensation: { operation: x } }
`),
    )
    expect(flow.undoEdges.map(({ source, target }) => `${source} ${target}`)).toEqual([
      'c b',
      'b a',
    ])
  })
})
