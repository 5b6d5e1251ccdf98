import { describe, expect, it } from 'vitest'
import { stepToFollow } from '@/components/run/follow'
import type { RunView } from '@/runtime/projection/run-view'

type Step = { state: string; lastSeq: number; compensation?: { state: string } | null }

const view = (steps: Record<string, Step>) =>
  ({
    steps: new Map(
      Object.entries(steps).map(([id, step]) => [id, { compensation: null, ...step }]),
    ),
  }) as unknown as Pick<RunView, 'steps'>

describe('what a run page follows', () => {
  it('is the step at work that was heard of last', () => {
    const steps = {
      a: { state: 'completed', lastSeq: 9 },
      b: { state: 'running', lastSeq: 4 },
      c: { state: 'retrying', lastSeq: 7 },
    }
    expect(stepToFollow(view(steps))).toBe('c')
  })

  it('is the compensation at work on the way back', () => {
    const steps = {
      a: { state: 'completed', lastSeq: 12, compensation: { state: 'compensating' } },
      b: { state: 'failed', lastSeq: 8 },
    }
    expect(stepToFollow(view(steps))).toBe('a')
  })

  it('is nothing where nothing goes on', () => {
    expect(stepToFollow(view({ a: { state: 'completed', lastSeq: 1 } }))).toBeNull()
  })
})
