import { describe, expect, it } from 'vitest'
import { transition } from 'xstate'
import { compileSaga, digestDocument } from '@/runtime/compiler/compile'
import { SagaMachine } from '@/runtime/compiler/machine'
import { action, saga } from '../../support/dry-run'
import { reachOf } from '../../support/reach'

const branch = (id: string) => ({ start: id, steps: { [id]: action(id) } })
const document = saga({
  start: 'a',
  steps: {
    a: action('a', 'which'),
    which: { type: 'choice', branches: [{ when: 'true', next: 'p' }], otherwise: 'z' },
    p: { type: 'parallel', branches: { l: branch('l'), r: branch('r') }, next: 'z' },
    z: action('z'),
  },
})
const path = [
  'done.a',
  'choose.which.0',
  'done.l',
  'done.nothing',
  'done.r',
  'done.p',
  'failed.z',
  'unwound',
  'unwind',
]

describe('the compiled machine', () => {
  it("moves as XState's own transition() does, event by event", () => {
    const { machine } = compileSaga(document)
    let value = machine.initial().value
    let snapshot = machine.logic.resolveState({ value, context: {} })
    for (const event of path) {
      const ours = machine.next(value, event)
      const [theirs, actions] = transition(machine.logic, snapshot, { type: event })
      expect(ours.value).toEqual(theirs.value)
      expect(ours.actions).toEqual(actions.map(({ type, params }) => ({ type, params })))
      value = ours.value
      snapshot = theirs
    }
    expect(value).toEqual('unwinding')
  })

  it('resumes from a stored value', () => {
    const { machine } = compileSaga(document)
    const stored = JSON.parse(JSON.stringify(machine.next(machine.initial().value, 'done.a').value))
    expect(machine.next(stored, 'choose.which.otherwise').actions).toEqual([
      { type: 'enter', params: { step: 'z' } },
    ])
  })

  it('has a digest that depends on the content only', () => {
    const again = JSON.parse(
      JSON.stringify({
        ...document,
        steps: Object.fromEntries(Object.entries(document.steps).reverse()),
      }),
    )
    expect(digestDocument(again)).toBe(digestDocument(document))
    expect(digestDocument({ ...document, title: 'Other' })).not.toBe(digestDocument(document))
  })

  it('knows what control flow comes from, through branches and joins', () => {
    const before = reachOf(compileSaga(document))
    expect([...before('z')]).toContain('l')
    expect(before('r').has('l')).toBe(false)
    expect(before('r').has('a')).toBe(true)
  })

  it('forgets the configurations used least lately, and works them out again', () => {
    const { machine, config } = compileSaga(document)
    const small = new SagaMachine(config, { placesMax: 2 })
    for (let round = 0; round < 2; round++) {
      let value = machine.initial().value
      for (const event of ['done.a', 'choose.which.otherwise', 'done.z']) {
        const stored = JSON.parse(JSON.stringify(value))
        expect(small.next(stored, event)).toEqual(machine.next(value, event))
        value = machine.next(value, event).value
      }
    }
  })
})
