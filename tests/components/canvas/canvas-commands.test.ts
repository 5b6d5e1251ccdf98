import { describe, expect, it } from 'vitest'
import {
  addCommand,
  connectCommand,
  connectRefusal,
  type Gesture,
  removeCommand,
  replaceCommand,
} from '@/components/canvas/canvas-commands'
import { copySteps, pasteCommand, readFragment } from '@/components/canvas/fragment'
import { indexSteps } from '@/components/canvas/step-index'
import { planEdit } from '@/runtime/definition/edit'
import { read, SOURCE } from './fixture'

const index = indexSteps(read())

describe('gestures', () => {
  it('inserts a step on an arrow and keeps every comment', () => {
    const spot = { region: [], from: 'reserve', port: 'next' }
    const after = carryOut(addCommand(index, spot, { type: 'wait' }))
    expect(after.document.steps.reserve).toMatchObject({ next: 'wait' })
    expect(after.document.steps.wait).toMatchObject({ type: 'wait', next: 'checks' })
    expect(after.text).toContain('title: Reserve # the money')
    expect(after.text).toContain('# A saga in which everything occurs once.')
  })

  it('inserts at the start of a branch', () => {
    const spot = { region: ['checks', 'look'], from: null }
    const { document } = carryOut(addCommand(index, spot, { type: 'wait' }))
    const { checks } = document.steps
    expect(checks?.type === 'parallel' && checks.branches.look).toMatchObject({
      start: 'wait',
      steps: { wait: { next: 'screen' } },
    })
  })

  it('takes effect, compensation and required input from the operation', () => {
    const operation = {
      name: 'hold',
      title: 'Hold the seat',
      effect: 'compensatable' as const,
      compensation: 'free',
      input: { properties: { seat: {}, note: {} }, required: ['seat'] },
    }
    const template = { type: 'action' as const, participant: 'theatre', operation }
    const { document } = carryOut(addCommand(index, { region: [], from: 'ask' }, template))
    expect(document.steps.hold).toMatchObject({
      title: 'Hold the seat',
      participant: 'theatre',
      operation: 'hold',
      effect: 'compensatable',
      compensation: { operation: 'free' },
      input: { seat: 'input.seat' },
      next: 'pay',
    })
  })

  it('puts a choice behind the last step together with the end it needs', () => {
    const spot = { region: [], from: 'papers', port: 'next' }
    const { document } = carryOut(addCommand(index, spot, { type: 'choice' }))
    expect(document.steps.choice).toMatchObject({ branches: [{ next: 'done' }], otherwise: 'done' })
    expect(document.steps.done).toMatchObject({ type: 'end' })
  })

  it('refuses an end on an arrow that leads on', () => {
    const spot = { region: [], from: 'reserve', port: 'next' }
    expect(addCommand(index, spot, { type: 'end' })).toEqual({
      refused: 'An end would cut off what follows',
    })
  })

  it('deletes and reconnects', () => {
    const { document } = carryOut(removeCommand(index, ['checks'], true))
    expect(document.steps.reserve).toMatchObject({ next: 'large' })
    expect(document.steps.checks).toBeUndefined()
  })

  it('deletes a bracket once when what it holds is selected too', () => {
    const gesture = removeCommand(index, ['checks', 'screen', 'name_it'], true)
    expect(gesture).toMatchObject({ command: { type: 'removeStep', id: 'checks' } })
  })

  it('refuses to delete the last steps of the saga', () => {
    const only = indexSteps(read('kind: saga\nname: a\nstart: x\nsteps: { x: { type: end } }\n'))
    expect(removeCommand(only, ['x'], true)).toHaveProperty('refused')
  })

  it('connects the branch of a choice', () => {
    const to = { from: 'large', port: 'branch:0', to: 'pay', region: [] }
    const { document } = carryOut(connectCommand(index, to))
    expect(document.steps.large).toMatchObject({ branches: [{ next: 'pay' }] })
  })

  it('refuses arrows that make a loop or leave their branch', () => {
    const root = { region: [] }
    expect(connectRefusal(index, { from: 'pay', to: 'reserve', ...root })).toMatch(/loop/)
    expect(connectRefusal(index, { from: 'pay', to: 'pay', ...root })).toMatch(/itself/)
    expect(connectRefusal(index, { from: 'pay', to: 'screen', ...root })).toMatch(/branch/)
    expect(connectRefusal(index, { from: 'pay', to: 'late', ...root })).toBeNull()
  })

  it('replaces a step under its id, with its title and what follows', () => {
    const { document } = carryOut(replaceCommand(index, 'reserve', { type: 'wait' }))
    expect(document.steps.reserve).toMatchObject({ type: 'wait', title: 'Reserve', next: 'checks' })
  })
})

describe('the clipboard', () => {
  const places = new Map([
    ['reserve', { x: 100, y: 100 }],
    ['checks', { x: 100, y: 200 }],
  ])
  const text = copySteps(index, ['reserve', 'checks'], places)

  it('pastes steps under new ids, keeping the arrows among them', () => {
    const fragment = readFragment(text)
    if (!fragment || 'refused' in fragment) throw new Error('not read')
    const gesture = pasteCommand(index, fragment, { region: [], at: { x: 0, y: 0 } })
    const { document } = carryOut(gesture)
    expect(document.steps.reserve_2).toMatchObject({ next: 'checks_2' })
    const copy = document.steps.checks_2
    expect(copy).not.toHaveProperty('next')
    expect(copy?.type === 'parallel' && Object.keys(copy.branches.look?.steps ?? {})).toEqual([
      'screen_2',
    ])
    expect(gesture).toMatchObject({
      positions: { reserve_2: { x: 0, y: 0 }, checks_2: { x: 0, y: 100 } },
    })
  })

  it('gives a copied choice an end where its arrows would have led', () => {
    const fragment = readFragment(copySteps(index, ['large'], new Map()))
    if (!fragment || 'refused' in fragment) throw new Error('not read')
    const { document } = carryOut(pasteCommand(index, fragment, { region: [] }))
    expect(document.steps.large_2).toMatchObject({ branches: [{ next: 'done' }] })
  })

  it('ignores other text, and says why a fragment cannot be taken', () => {
    expect(readFragment('hello')).toBeNull()
    expect(
      readFragment('{"kind":"saga-fragment","v":1,"steps":{"a":{"type":"no"}}}'),
    ).toMatchObject({
      refused: expect.stringContaining('steps.a'),
    })
    expect(readFragment('{"kind":"saga-fragment","v":2,"steps":{}}')).toMatchObject({
      refused: expect.stringContaining('newer'),
    })
  })
})

function carryOut(gesture: Gesture) {
  if ('refused' in gesture) throw new Error(gesture.refused)
  const planned = planEdit(SOURCE, gesture.command)
  if ('issues' in planned) throw new Error(JSON.stringify(planned.issues))
  return { text: planned.text, document: read(planned.text) }
}
