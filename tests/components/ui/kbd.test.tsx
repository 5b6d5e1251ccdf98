import { cleanup, render } from '@testing-library/react'
import { afterEach, expect, it } from 'vitest'
import { Kbd } from '@/components/ui/kbd'

afterEach(cleanup)

const drawn = (keys: string) =>
  [...render(<Kbd keys={keys} />).container.querySelectorAll('kbd')].map((key) => key.textContent)

it('draws keys pressed together, after each other, and the plus and minus as keys', () => {
  expect(drawn('mod+k')).toEqual(['Ctrl', 'K'])
  expect(drawn('g r')).toEqual(['G', 'R'])
  expect(drawn('alt+shift+t')).toEqual(['Alt', '⇧', 'T'])
  expect(drawn('+')).toEqual(['+'])
  expect(drawn('-')).toEqual(['-'])
  expect(drawn('mod++')).toEqual(['Ctrl', '+'])
})
