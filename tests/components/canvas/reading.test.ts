import { describe, expect, it } from 'vitest'
import { arrange } from '@/components/canvas/arrange'
import { formatDuration, formatDurationExactly, parseDuration } from '@/components/canvas/duration'
import { routedPath } from '@/components/canvas/edge-path'
import { findSteps } from '@/components/canvas/find-steps'
import { toFlow } from '@/components/canvas/flow'
import { nextFocus } from '@/components/canvas/focus-order'
import { OverlayStore } from '@/components/canvas/overlay-store'
import { indexSteps } from '@/components/canvas/step-index'
import { spokenName } from '@/components/canvas/summary'
import { read } from './fixture'

const index = indexSteps(read())

describe('finding steps', () => {
  it('looks into names, types and values', () => {
    expect(findSteps(index, 'ledger')).toEqual(['reserve', 'pay'])
    expect(findSteps(index, 'approval')).toEqual(['ask'])
    expect(findSteps(index, 'papers-signed')).toEqual(['papers'])
    expect(findSteps(index, '')).toEqual([])
  })

  it('filters by type and by what is missing', () => {
    expect(findSteps(index, 'type:end')).toEqual(['late'])
    expect(findSteps(index, 'missing:compensation')).toEqual(['pay'])
    expect(findSteps(index, 'has:compensation reserve')).toEqual(['reserve', 'name_it'])
  })
})

describe('arrow keys', () => {
  const boxes = arrange(toFlow(read()), {}, new Map()).boxes

  it('lead down into a bracket and out of it again', () => {
    expect(nextFocus(index, 'reserve', 'down', boxes)).toBe('checks')
    expect(nextFocus(index, 'checks', 'down', boxes)).toBe('name_it')
    expect(nextFocus(index, 'name_it', 'down', boxes)).toBe('large')
    expect(nextFocus(index, 'name_it', 'up', boxes)).toBe('checks')
  })

  it('end where the flow ends', () => {
    expect(nextFocus(index, 'late', 'down', boxes)).toBeNull()
    expect(nextFocus(index, 'reserve', 'up', boxes)).toBeNull()
  })
})

describe('names read aloud', () => {
  it('say place, title, type, state, problems and the way back', () => {
    const node = toFlow(read()).nodes.find((one) => one.id === 'reserve')
    if (node?.kind !== 'step') throw new Error('no step')
    expect(spokenName(node.data)).toBe('Step 1 of 9, Reserve, action, has compensation 2')
    expect(spokenName(node.data, { state: 'running', attempt: 2 })).toBe(
      'Step 1 of 9, Reserve, action, Running, attempt 2, has compensation 2',
    )
  })
})

describe('the overlay', () => {
  it('tells only the steps whose look changed', () => {
    const overlay = new OverlayStore()
    const told: string[] = []
    for (const id of ['a', 'b', 'c']) overlay.subscribe(id, () => told.push(id))
    overlay.replace(
      new Map([
        ['a', { state: 'running' }],
        ['b', { state: 'completed' }],
      ]),
    )
    overlay.replace(
      new Map([
        ['a', { state: 'completed' }],
        ['b', { state: 'completed' }],
      ]),
    )
    overlay.replace(new Map([['b', { state: 'completed' }]]))
    expect(told).toEqual(['a', 'b', 'a', 'a'])
    expect(overlay.get('a')).toBeUndefined()
  })
})

describe('durations', () => {
  it('are written short and read back exactly', () => {
    expect(formatDuration(90_000)).toBe('1 min 30 s')
    expect(formatDuration(172_800_000)).toBe('2 d')
    for (const ms of [1, 999, 1500, 60_000, 93_784_005, 604_800_000]) {
      expect(parseDuration(formatDurationExactly(ms))).toBe(ms)
    }
  })

  it('take what people type', () => {
    expect(parseDuration('2h30m')).toBe(9_000_000)
    expect(parseDuration('1.5 h')).toBe(5_400_000)
    expect(parseDuration('250')).toBe(250)
    expect(parseDuration('soon')).toBeNull()
    expect(parseDuration('')).toBeNull()
  })
})

describe('routes', () => {
  const route = [
    { x: 0, y: 0 },
    { x: 0, y: 20 },
    { x: 50, y: 20 },
    { x: 50, y: 60 },
  ]

  it('move along when both ends have moved alike', () => {
    const path = routedPath(route, { x: 100, y: 100 }, { x: 150, y: 160 })
    expect(path?.d.startsWith('M100,100')).toBe(true)
    expect(path?.d.endsWith('L150,160')).toBe(true)
  })

  it('are given up when one end has moved alone', () => {
    expect(routedPath(route, { x: 100, y: 100 }, { x: 300, y: 160 })).toBeNull()
  })
})
