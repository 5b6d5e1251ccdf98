import { describe, expect, it } from 'vitest'
import { undoStateOf, wayStateOf } from '@/components/canvas/edge-state'

const done = { state: 'completed', taken: 'next' } as const
const running = { state: 'running' } as const
const undone = { state: 'compensated' } as const

describe('an arrow of a run', () => {
  it('is not drawn as taken when its step was skipped, though where it leads has run', () => {
    expect(wayStateOf('next', undefined, done)).toBe('idle')
    expect(wayStateOf('next', undefined, running)).toBe('idle')
  })

  it('is taken where its step left it, and marches while the next one runs', () => {
    expect(wayStateOf('next', done, running)).toBe('running')
    expect(wayStateOf('next', done, done)).toBe('taken')
    expect(wayStateOf('next', done, undefined)).toBe('taken')
  })

  it('is idle on the ways that were not chosen, and while its step has not left', () => {
    const chosen = { state: 'completed', taken: 'branch:0' } as const
    expect(wayStateOf('otherwise', chosen, done)).toBe('idle')
    expect(wayStateOf('branch:0', chosen, undefined)).toBe('taken')
    expect(wayStateOf('next', running, done)).toBe('idle')
  })

  it('leaves the start once the first step was reached', () => {
    expect(wayStateOf('start', undefined, undefined)).toBe('idle')
    expect(wayStateOf('start', undefined, running)).toBe('running')
  })

  it('leads back only between compensations that both began', () => {
    expect(undoStateOf(undone, undefined)).toBeUndefined()
    expect(undoStateOf(undefined, undone)).toBeUndefined()
    expect(undoStateOf(undone, undone)).toBe('compensated')
  })
})
