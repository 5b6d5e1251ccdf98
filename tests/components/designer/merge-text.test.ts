import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeText } from '@/components/designer/merge-text'
import { applySpan, differingSpan, invertSpan } from '@/components/designer/text-span'

const BASE = 'a\nb\nc\nd\ne\n'

describe('merging texts', () => {
  it('joins changes in different places', () => {
    const merged = mergeText(BASE, 'A\nb\nc\nd\ne\n', 'a\nb\nc\nd\ne\nf\n')
    expect(merged).toEqual({ text: 'A\nb\nc\nd\ne\nf\n', conflicts: 0 })
  })

  it('joins an added and a removed line', () => {
    const merged = mergeText(BASE, 'a\nb\nx\nc\nd\ne\n', 'a\nb\nc\ne\n')
    expect(merged).toEqual({ text: 'a\nb\nx\nc\ne\n', conflicts: 0 })
  })

  it('counts where both changed the same line, and keeps ours', () => {
    const merged = mergeText(BASE, 'a\nB\nc\nd\ne\n', 'a\nbee\nc\nd\ne\n')
    expect(merged).toEqual({ text: 'a\nB\nc\nd\ne\n', conflicts: 1 })
  })

  it('takes the same change once', () => {
    expect(mergeText(BASE, 'a\nc\nd\ne\n', 'a\nc\nd\ne\n')).toEqual({
      text: 'a\nc\nd\ne\n',
      conflicts: 0,
    })
  })

  it('gives the other side when one side has not changed, and a text without a last line end', () => {
    expect(mergeText('a\nb', 'a\nb', 'a\nb\nc').text).toBe('a\nb\nc')
    expect(mergeText('a\nb', 'x\nb', 'a\nb').text).toBe('x\nb')
  })
})

describe('the differing span', () => {
  it('turns one text into the other and back, whatever they hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        const span = differingSpan(a, b)
        if (span === null) {
          expect(a).toBe(b)
          return
        }
        expect(applySpan(a, span)).toBe(b)
        expect(applySpan(b, invertSpan(a, span))).toBe(a)
      }),
    )
  })
})
