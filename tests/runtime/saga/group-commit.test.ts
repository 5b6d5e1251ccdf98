import { beforeEach, describe, expect, it } from 'vitest'
import { GroupCommit } from '@/runtime/saga/group-commit'
import { emptyResident } from '@/runtime/saga/resident'
import type { Work } from '@/runtime/saga/take-turn'
import { flush, VirtualClock } from '../../support/virtual-clock'

interface Sent {
  ids: string[]
  end(error?: Error): Promise<void>
}

let clock: VirtualClock
let sent: Sent[]
let done: string[]
let recover: () => void
let commits: GroupCommit

beforeEach(() => {
  clock = new VirtualClock()
  sent = []
  done = []
  recover = () => {}
  const namesOf = (work: readonly Work[]) => work.map(({ resident }) => resident.id)
  commits = new GroupCommit({
    clock,
    max: 3,
    send: (work) =>
      new Promise((resolve, reject) => {
        sent.push({
          ids: namesOf(work),
          end: async (error) => {
            if (error) reject(error)
            else resolve()
            await flush()
          },
        })
      }),
    committed: (work) => done.push(...namesOf(work)),
    failed: () =>
      new Promise((resolve) => {
        recover = resolve
      }),
    settled: () => {},
    room: () => {},
  })
})

function add(id: string, how: { alone?: boolean; effect?: boolean } = {}): void {
  const resident = { ...emptyResident(id), alone: how.alone ?? false }
  const commit: Work['commit'] = {
    entityId: id,
    kind: 'saga',
    digest: '',
    fromSeq: 0,
    entries: [],
    hashes: [],
    active: false,
    current: null,
    gatesOpened: [],
    gatesClosed: [],
    decisions: [],
    timersSet: [],
    timersCancelled: [],
    posts: [],
    acks: [],
    ...(how.effect ? { statements: [] } : {}),
  }
  commits.add({
    resident,
    items: [],
    verdicts: [],
    commit,
    state: null,
    commands: [],
    entriesSize: 0,
  })
  commits.flush()
}

const groups = () => sent.map(({ ids }) => ids.join(' '))

describe('a group commit', () => {
  it('sends what comes first at once, and what waits together, at most so many', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) add(id)
    expect(groups()).toEqual(['a', 'b'])
    await sent[0]?.end()
    expect(groups()).toEqual(['a', 'b', 'c d e'])
    await sent[1]?.end()
    expect(groups()).toEqual(['a', 'b', 'c d e', 'f'])
    expect(done).toEqual(['a', 'b'])
  })

  it('keeps the place of one that failed until that has been seen to', async () => {
    for (const id of ['a', 'b', 'c']) add(id)
    await sent[0]?.end(new Error('lost'))
    expect(groups()).toEqual(['a', 'b'])
    recover()
    await flush()
    expect(groups()).toEqual(['a', 'b', 'c'])
  })

  it('leaves a gap now and then, however many wait, so that the lease can be renewed', async () => {
    add('a')
    add('b')
    await clock.advance(250)
    add('c')
    await sent[0]?.end()
    expect(groups()).toEqual(['a', 'b'])
    await sent[1]?.end()
    add('d')
    expect(groups()).toEqual(['a', 'b', 'c', 'd'])
  })

  it('commits one that must be alone alone', async () => {
    for (const id of ['a', 'b']) add(id)
    add('c')
    add('d', { alone: true })
    add('e')
    for (let n = 0; n < 5; n++) await sent[n]?.end()
    expect(groups()).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('has one commit with effects of steps in flight at a time', async () => {
    add('a', { effect: true })
    add('b')
    await sent[1]?.end()
    add('c')
    await sent[2]?.end()
    add('d', { effect: true })
    add('e')
    expect(groups()).toEqual(['a', 'b', 'c'])
    await sent[0]?.end()
    expect(groups()).toEqual(['a', 'b', 'c', 'd e'])
  })

  it('sends nothing more once stopped, and waits for what is in flight', async () => {
    for (const id of ['a', 'b', 'c']) add(id)
    let stopped = false
    const stopping = commits.stop().then(() => {
      stopped = true
    })
    await sent[0]?.end()
    expect(stopped).toBe(false)
    await sent[1]?.end()
    await stopping
    expect(groups()).toEqual(['a', 'b'])
    expect(done).toEqual(['a', 'b'])
  })
})
