import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addCommand, removeCommand } from '@/components/canvas/canvas-commands'
import { indexSteps } from '@/components/canvas/step-index'
import { DocumentStore } from '@/components/designer/document-store'
import { applySpan } from '@/components/designer/text-span'
import type { EditCommand } from '@/runtime/definition/edit'
import { read, SOURCE } from '../canvas/fixture'
import { ManualTiming } from './manual-timing'

const LAYOUT = { positions: {}, notes: [] }
const retitle = (value: string): EditCommand => ({
  type: 'setStep',
  id: 'pay',
  path: ['title'],
  value,
})

function open(source = SOURCE) {
  const timing = new ManualTiming()
  const store = new DocumentStore({ source, layout: LAYOUT }, timing)
  return { timing, store }
}

describe('the document store', () => {
  it('changes nothing by being opened', () => {
    const { store, timing } = open()
    timing.advance(10_000)
    expect(store.getState()).toMatchObject({ text: SOURCE, version: 0, undoLabel: null })
  })

  it('reads a command into text, document and one history entry', () => {
    const { store } = open()
    expect(store.edit(retitle('Pay it'), { label: 'Rename' })).toEqual([])
    const { document, undoLabel, text } = store.getState()
    expect(document?.steps.pay?.title).toBe('Pay it')
    expect(text).toContain('# the money')
    expect(undoLabel).toBe('Rename')
    expect(store.undo()).toBe('Rename')
    expect(store.getState().text).toBe(SOURCE)
    expect(store.redo()).toBe('Rename')
    expect(store.getState().document?.steps.pay?.title).toBe('Pay it')
  })

  it('undoes together what one field was typed within half a second', () => {
    const { store, timing } = open()
    for (const title of ['P', 'Pa', 'Pay']) {
      store.edit(retitle(title), { label: 'Rename', key: 'set:pay:title' })
      timing.advance(200)
    }
    timing.advance(1000)
    store.edit(retitle('Paid'), { label: 'Rename', key: 'set:pay:title' })
    store.undo()
    expect(store.getState().document?.steps.pay?.title).toBe('Pay')
    store.undo()
    expect(store.getState().text).toBe(SOURCE)
  })

  it('tells what an undo was about, and only what was put elsewhere when a move is undone', () => {
    const { store } = open()
    store.move({ pay: { x: 80, y: 80 } }, 'Move')
    store.undo()
    expect(store.getState().touched).toEqual(['pay'])
    store.redo()
    expect(store.getState().touched).toEqual(['pay'])
    store.edit(retitle('Pay it'), { label: 'Rename' })
    store.undo()
    expect(store.getState().touched).toEqual(['pay'])
  })

  it('tells what a fix has changed, and nothing of what a form changes', () => {
    const { store } = open()
    store.edit(retitle('Pay it'), { label: 'Rename' })
    expect(store.getState().touched).toEqual([])
    store.edit(retitle('Pay'), { label: 'A fix', show: true })
    expect(store.getState().touched).toEqual(['pay'])
  })

  it('keeps what the server found about the input schema until that schema changes', () => {
    const { store, timing } = open()
    const schema = { type: 'object' }
    store.edit({ type: 'setSaga', fields: { input: schema } }, { label: 'Change the schema' })
    store.hearOfInput(JSON.stringify(schema), [
      { code: 'parse/input-schema', severity: 'error', path: ['input'], message: 'Not a schema.' },
    ])
    timing.advance(1000)
    expect(store.getState().issues).toContainEqual(
      expect.objectContaining({ message: 'Not a schema.' }),
    )
    const mended = { input: { type: 'object', properties: {} } }
    store.edit({ type: 'setSaga', fields: mended }, { label: 'Change the schema' })
    timing.advance(1000)
    expect(store.getState().issues.map(({ code }) => code)).not.toContain('parse/input-schema')
  })

  it('keeps canvas and code in one history', () => {
    const { store, timing } = open()
    store.edit(retitle('Pay it'), { label: 'Rename' })
    const edited = store.getState().text
    store.typed(`${edited}# a word\n`)
    timing.advance(1000)
    store.move({ pay: { x: 8, y: 8 } }, 'Move')
    expect(store.undo()).toBe('Move')
    expect(store.getState().layout.positions).toEqual({})
    expect(store.undo()).toBe('Edit the code')
    expect(store.getState().text).toBe(edited)
    expect(store.undo()).toBe('Rename')
    expect(store.getState().text).toBe(SOURCE)
  })

  it('keeps the last good document while the code cannot be read, and names the line', () => {
    const { store, timing } = open()
    const before = store.getState().document
    store.typed(SOURCE.replace('start: reserve', 'start: ['))
    timing.advance(200)
    const { document, broken, issues } = store.getState()
    expect(document).toBe(before)
    expect(broken?.line).toBeGreaterThanOrEqual(5)
    expect(issues[0]?.severity).toBe('error')
    const refused = store.edit(retitle('no'), { label: 'Rename' })
    expect(refused[0]?.message).toMatch(/cannot be read at line/)
    expect(store.undo()).toBe('Edit the code')
    expect(store.getState()).toMatchObject({ text: SOURCE, broken: null })
  })

  it('reads what was typed before a command that follows at once', () => {
    const { store } = open()
    store.typed(SOURCE.replace('operation: pay', 'operation: payNow'))
    expect(store.edit(retitle('Pay it'), { label: 'Rename' })).toEqual([])
    expect(store.getState().document?.steps.pay).toMatchObject({
      operation: 'payNow',
      title: 'Pay it',
    })
  })

  it('tells an editor exactly the edits that make its text the new one', () => {
    const { store } = open()
    let mirror = SOURCE
    store.onEdits((edits) => {
      for (const edit of [...edits].reverse()) mirror = applySpan(mirror, edit)
    })
    store.edit(retitle('Pay it'), { label: 'Rename' })
    expect(mirror).toBe(store.getState().text)
    store.undo()
    expect(mirror).toBe(SOURCE)
    store.replace({ source: 'kind: saga\n', layout: LAYOUT }, 'Restore')
    expect(mirror).toBe('kind: saga\n')
  })

  it('moves pins along with a rename and drops those of deleted steps', () => {
    const { store } = open()
    store.move({ pay: { x: 8, y: 16 }, late: { x: 0, y: 0 } }, 'Move')
    store.edit({ type: 'renameStep', id: 'pay', to: 'payIt' }, { label: 'Rename' })
    expect(store.getState().layout.positions).toEqual({
      payIt: { x: 8, y: 16 },
      late: { x: 0, y: 0 },
    })
    store.edit({ type: 'removeStep', id: 'late', reconnect: true }, { label: 'Delete' })
    expect(Object.keys(store.getState().layout.positions)).toEqual(['payIt'])
  })

  it('adds the verifier’s findings a moment later, with their places', () => {
    const { store, timing } = open()
    store.edit(retitle('Pay it'), { label: 'Rename' })
    timing.advance(1000)
    const issue = store.getState().issues.find(({ code }) => code === 'compensation/missing')
    expect(issue?.step).toBe('pay')
    expect(issue?.range).toBeDefined()
  })

  it('drops a selected step from the selection when it is gone', () => {
    const { store } = open()
    store.select(['late', 'pay'])
    store.edit({ type: 'removeStep', id: 'late', reconnect: true }, { label: 'Delete' })
    expect(store.getState().selection).toEqual(['pay'])
  })

  it('gives the identical text when everything is undone, whatever was done', () => {
    const gesture = fc.record({
      kind: fc.constantFrom('add', 'remove', 'title', 'type', 'move', 'undo'),
      at: fc.nat({ max: 50 }),
      wait: fc.nat({ max: 900 }),
    })
    fc.assert(
      fc.property(fc.array(gesture, { maxLength: 25 }), (gestures) => {
        const { store, timing } = open()
        for (const { kind, at, wait } of gestures) {
          perform(store, kind, at)
          timing.advance(wait)
        }
        for (let n = 0; n < 200 && store.undo() !== null; n++) {
          // until nothing is left
        }
        expect(store.getState().text).toBe(SOURCE)
        expect(store.getState().layout).toEqual(LAYOUT)
      }),
      { numRuns: 25 },
    )
  })
})

function perform(store: DocumentStore, kind: string, at: number): void {
  const { document, text } = store.getState()
  const index = indexSteps(document ?? read())
  const ids = [...index.steps.keys()]
  const id = ids[at % ids.length] ?? 'pay'
  const found = index.steps.get(id)
  if (kind === 'undo') store.undo()
  else if (kind === 'move') store.move({ [id]: { x: at * 8, y: 0 } }, 'Move')
  else if (kind === 'type') store.typed(`${text}# ${at}\n`)
  else if (kind === 'title') {
    store.edit(
      { type: 'setStep', id, path: ['title'], value: `T${at}` },
      { label: 'Rename', key: id },
    )
  } else {
    const spot = { region: found?.region ?? [], from: id, port: found?.ports[0]?.id ?? 'next' }
    const made =
      kind === 'add' ? addCommand(index, spot, { type: 'wait' }) : removeCommand(index, [id], true)
    if (!('refused' in made)) store.edit(made.command, { label: made.label })
  }
}
