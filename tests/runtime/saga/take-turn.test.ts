import { describe, expect, it } from 'vitest'
import { compileSaga } from '@/runtime/compiler/compile'
import type { Message } from '@/runtime/journal/entry'
import { emptyResident, type Item } from '@/runtime/saga/resident'
import { takeTurn } from '@/runtime/saga/take-turn'
import { action, BY, saga } from '../../support/dry-run'

const compiled = compileSaga(saga({ start: 'a', steps: { a: action('a') } }))
const options = { now: () => 1_000, turnMax: 100, snapshotEvery: 20 }
const start: Message = {
  type: 'start',
  definition: { name: 'test', version: 1, digest: compiled.digest },
  input: null,
}
const pause: Message = { type: 'pause', by: BY, reason: 'test' }
const mail = (message: Message, position: bigint, more: Partial<Item> = {}): Item => ({
  message,
  position,
  id: `m${position}`,
  since: 0,
  ...more,
})

describe('a turn of an entity that does not exist yet', () => {
  it('leaves a start that came while it was prepared to the next turn, rather than refuse it', () => {
    const resident = Object.assign(emptyResident('s'), { seq: 0 })
    resident.queue = [mail(pause, 1n), mail(start, 2n)]
    const turn = takeTurn(resident, options)
    expect(turn.items.map(({ id }) => id)).toEqual(['m1'])
    expect(turn.verdicts).toMatchObject([{ accepted: false, code: 'NOT_FOUND' }])
  })

  it('takes a start that knows what it runs, and what follows it', () => {
    const resident = Object.assign(emptyResident('s'), { seq: 0, saga: compiled })
    resident.queue = [mail(start, 1n, { resolved: true }), mail(pause, 2n)]
    const turn = takeTurn(resident, options)
    expect(turn.verdicts).toEqual([{ accepted: true }, { accepted: true }])
    expect(turn.work?.commit.entries.map(({ message }) => message.type)).toEqual(['start', 'pause'])
  })

  it('takes nothing when it begins with a start that came too late to be prepared', () => {
    const resident = Object.assign(emptyResident('s'), { seq: 0 })
    resident.queue = [mail(start, 1n), mail(pause, 2n)]
    expect(takeTurn(resident, options)).toMatchObject({ items: [], work: null })
  })
})
