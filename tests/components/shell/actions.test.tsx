import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type Action,
  currentActions,
  pressed,
  useActionKeys,
  useActions,
} from '@/components/shell/actions'

afterEach(cleanup)

const done: string[] = []
const action = (id: string, keys: string, more: Partial<Action> = {}): Action => ({
  id,
  title: id,
  group: 'Test',
  keys,
  run: () => void done.push(id),
  ...more,
})

function Page({ actions }: { actions: Action[] }) {
  useActionKeys()
  useActions(actions)
  return (
    <>
      <input aria-label="text" />
      <input type="radio" aria-label="choice" />
      <div role="dialog">
        <button type="button">inside</button>
      </div>
    </>
  )
}

const press = (key: string, on: Element | Document = document.body, more = {}) =>
  fireEvent.keyDown(on, { key, ...more })

describe('shortcuts', () => {
  it('run the action of their key, and none after the page is gone', () => {
    done.length = 0
    const { unmount } = render(<Page actions={[action('save', 's')]} />)
    press('s')
    expect(done).toEqual(['save'])
    unmount()
    press('s')
    expect(done).toEqual(['save'])
    expect(currentActions()).toEqual([])
  })

  it('work on a radio, which takes no letters or digits', () => {
    done.length = 0
    render(<Page actions={[action('one', '1'), action('next', 'j')]} />)
    press('1', screen.getByLabelText('choice'))
    press('j', screen.getByLabelText('choice'))
    press('j', screen.getByLabelText('text'))
    expect(done).toEqual(['one', 'next'])
  })

  it('are those of the action that claims them, whichever came last', () => {
    done.length = 0
    const claimed = () => <Page actions={[action('decide', '1', { claims: true })]} />
    const drawing = () => <Page actions={[action('fit', '1'), action('zoom', '0')]} />
    for (const pages of [
      [claimed, drawing],
      [drawing, claimed],
    ]) {
      done.length = 0
      const shown = pages.map((page) => render(page()))
      press('1')
      press('0')
      expect(done.filter((id) => id === 'fit')).toEqual([])
      expect(done).toContain('decide')
      expect(done).toContain('zoom')
      expect(currentActions().filter(({ keys }) => keys === '1')).toHaveLength(1)
      expect(currentActions().map(({ id }) => id)).toContain('fit')
      for (const { unmount } of shown) unmount()
    }
  })

  it('understand two keys after each other', () => {
    done.length = 0
    render(<Page actions={[action('go', 'g r'), action('retry', 'r')]} />)
    press('g')
    press('r')
    press('r')
    expect(done).toEqual(['go', 'retry'])
  })

  it('rest while somebody types and inside dialogs, unless they work everywhere', () => {
    done.length = 0
    render(
      <Page actions={[action('next', 'j'), action('palette', 'mod+k', { everywhere: true })]} />,
    )
    press('j', screen.getByLabelText('text'))
    press('j', screen.getByText('inside'))
    expect(done).toEqual([])
    press('k', screen.getByLabelText('text'), { ctrlKey: true })
    expect(done).toEqual(['palette'])
  })

  it('do nothing while their action is disabled', () => {
    done.length = 0
    render(<Page actions={[action('cancel', 'c', { disabledReason: 'it has ended' })]} />)
    press('c')
    expect(done).toEqual([])
    expect(currentActions()[0]?.disabledReason).toBe('it has ended')
  })

  it('leave a key alone that the page has used already', () => {
    done.length = 0
    render(<Page actions={[action('next', 'j')]} />)
    const handled = (event: Event) => event.preventDefault()
    document.body.addEventListener('keydown', handled)
    press('j')
    document.body.removeEventListener('keydown', handled)
    expect(done).toEqual([])
  })
})

describe('a pressed key', () => {
  const key = (key: string, more = {}) =>
    pressed({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more })

  it.each([
    [key('?', { shiftKey: true }), '?'],
    [key('C', { shiftKey: true }), 'shift+c'],
    [key('Enter', { ctrlKey: true }), 'mod+enter'],
    [key(' '), 'space'],
    [key('1', { altKey: true }), 'alt+1'],
    [key('Shift', { shiftKey: true }), null],
  ])('%s is spelled %s', (spelled, expected) => {
    expect(spelled).toBe(expected)
  })
})
