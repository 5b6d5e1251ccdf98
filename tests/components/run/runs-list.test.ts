import { describe, expect, it } from 'vitest'
import { countNew, patchRuns } from '@/components/run/merge-runs'
import { countOf, scopeOf, statusesOf } from '@/components/run/run-filters'
import type { SagaListItem } from '@/server/api/contract'

const run = (sagaId: string, at: number, patch: Partial<SagaListItem> = {}): SagaListItem => ({
  sagaId,
  name: 'Launch',
  definition: 'launch',
  version: 1,
  status: 'RUNNING',
  current: null,
  ventureId: null,
  ventureName: null,
  parentId: null,
  totalSteps: 3,
  startedBy: null,
  startedAt: new Date(at),
  completedAt: null,
  failureCode: null,
  failureReason: null,
  requiresApproval: false,
  waitsFor: null,
  ...patch,
})
const pages = [
  { items: [run('c', 30), run('b', 20)], nextCursor: 'x' },
  { items: [run('a', 10)], nextCursor: null },
]

describe('fresh rows', () => {
  it('change known rows in place and move none', () => {
    const patched = patchRuns(pages, [run('d', 40), run('b', 20, { status: 'COMPLETED' })])
    expect(patched.map((page) => page.items.map((item) => [item.sagaId, item.status]))).toEqual([
      [
        ['c', 'RUNNING'],
        ['b', 'COMPLETED'],
      ],
      [['a', 'RUNNING']],
    ])
  })

  it('leave pages alone in which nothing changed', () => {
    const patched = patchRuns(pages, [run('b', 20, { status: 'COMPLETED' })])
    expect(patched[1]).toBe(pages[1])
    expect(patched[0]).not.toBe(pages[0])
  })

  it('count as new only above the first row', () => {
    expect(countNew(pages, [run('e', 50), run('d', 40), run('c', 30), run('z', 5)])).toBe(2)
    expect(countNew([], [run('d', 40)])).toBe(1)
  })
})

describe('filters', () => {
  const filters = { tab: 'all', definition: null, venture: null, q: '', since: null } as const

  it('ask for nothing that is not set', () => {
    expect(scopeOf({ ...filters, q: '   ' }, 0)).toEqual({})
  })

  it('hold still within a minute, so that one question is asked once', () => {
    const at = Date.UTC(2026, 10, 23, 12, 0, 10)
    const first = scopeOf({ ...filters, since: '1h' }, at)
    expect(scopeOf({ ...filters, since: '1h' }, at + 40_000)).toEqual(first)
    expect(first.startedAfter).toEqual(new Date(Date.UTC(2026, 10, 23, 11, 0)))
  })

  it('name the statuses of each tab and count them', () => {
    const counts = {
      PENDING: 1,
      RUNNING: 2,
      COMPENSATING: 3,
      PAUSED: 4,
      COMPLETED: 5,
      ROLLED_BACK: 6,
      FAILED: 7,
      QUARANTINED: 8,
    }
    expect(statusesOf('attention')).toEqual(['PAUSED', 'QUARANTINED'])
    expect(countOf('attention', counts)).toBe(12)
    expect(countOf('all', counts)).toBe(36)
  })
})
