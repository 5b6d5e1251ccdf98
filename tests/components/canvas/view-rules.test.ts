import { describe, expect, it } from 'vitest'
import { anchorOf, clearPart, shiftInto } from '@/components/canvas/view-rules'

const box = (x: number, y: number, width = 232, height = 64) => ({ x, y, width, height })

describe('what the view holds on to', () => {
  const before = new Map([
    ['a', { x: 0, y: 0 }],
    ['b', { x: 0, y: 112 }],
    ['c', { x: 0, y: 224 }],
  ])
  const middle = { x: 116, y: 140 }

  it('is the step nearest to the middle', () => {
    const after = new Map([...before].map(([id, at]) => [id, box(at.x, at.y)]))
    expect(anchorOf({ before, after, pinsBefore: {}, pins: {}, middle })).toBe('b')
  })

  it('is not the step whose move was undone, so that only that one moves', () => {
    const after = new Map([...before].map(([id, at]) => [id, box(at.x, at.y)]))
    const pinsBefore = { b: { x: 80, y: 130 } }
    expect(anchorOf({ before, after, pinsBefore, pins: {}, middle })).not.toBe('b')
  })

  it('is not a step that was pasted at a place, while the others make room', () => {
    const pins = { b: { x: 0, y: 112 } }
    const after = new Map([
      ['a', box(260, 0)],
      ['b', box(0, 112)],
      ['c', box(260, 224)],
    ])
    expect(anchorOf({ before, after, pinsBefore: pins, pins, middle })).toBe('a')
  })
})

describe('the part of the frame that nothing covers', () => {
  const frame = box(0, 0, 616, 800)

  it('loses a strip below for the toolbar and the map, and nothing for what lies elsewhere', () => {
    expect(clearPart(frame, [box(12, 752, 300, 36)])).toEqual(box(0, 0, 616, 752))
    expect(clearPart(frame, [box(450, 685, 150, 100)])).toEqual(box(0, 0, 616, 685))
    expect(clearPart(frame, [box(616, 0, 376, 800)])).toEqual(frame)
  })

  it('ends where the inspector or a sheet begins', () => {
    expect(clearPart(frame, [box(240, 0, 376, 800)])).toEqual(box(0, 0, 240, 800))
    expect(clearPart(box(0, 0, 390, 700), [box(0, 210, 390, 490)])).toEqual(box(0, 0, 390, 210))
  })

  it('takes a step in by the shortest way', () => {
    const clear = box(0, 0, 616, 752)
    expect(shiftInto(box(100, 100), clear)).toEqual({ x: 0, y: 0 })
    expect(shiftInto(box(100, 740), clear)).toEqual({ x: 0, y: 752 - 16 - 64 - 740 })
    expect(shiftInto(box(-50, 100), clear)).toEqual({ x: 66, y: 0 })
    expect(shiftInto(box(0, 100, 900, 64), clear)).toEqual({ x: 16, y: 0 })
  })
})
