import { describe, expect, it } from 'vitest'
import { SagaError } from '@/runtime/errors'
import { createMemoryStore, type MemoryStore } from '@/runtime/journal/memory-store'
import type { Envelope } from '@/runtime/journal/store'
import { POST_MAX, Sender } from '@/runtime/saga/sender'
import { BY } from '../../support/dry-run'
import { flush, VirtualClock } from '../../support/virtual-clock'

class Bench {
  readonly clock = new VirtualClock()
  readonly store: MemoryStore = createMemoryStore(this.clock)
  /** The ids of each post that reached the store. */
  readonly posts: string[][] = []
  /** What the store cannot hold. */
  readonly unfit = new Set<string>()
  trouble: SagaError | null = null
  /** Posts wait here while it is set. */
  gate: Promise<void> | null = null
  readonly woken: string[] = []
  readonly sender: Sender
  constructor() {
    const post = this.store.post.bind(this.store)
    this.store.post = async (envelopes) => {
      await this.gate
      if (this.trouble) throw this.trouble
      this.posts.push(envelopes.map(({ id }) => id))
      if (envelopes.some(({ id }) => this.unfit.has(id)))
        throw new SagaError('INVALID_INPUT', 'the store refused a value')
      return post(envelopes)
    }
    this.sender = new Sender({
      store: this.store,
      clock: this.clock,
      verdictMs: 10_000,
      onPosted: (ids) => this.woken.push(...ids),
    })
  }
  /** A worker takes what is in the mailbox, and no engine here tells of it. */
  async take(refuse: (id: string) => boolean = () => false) {
    const lease = await this.store.acquire('w', 60_000)
    const { messages } = await this.store.pending(lease, null, [], 10_000)
    await this.store.commit(
      lease,
      messages.map(({ id, entityId, position }) => ({
        entityId,
        kind: 'saga' as const,
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
        acks: [
          {
            position,
            verdict: refuse(id)
              ? { accepted: false as const, code: 'WRONG_STATE' as const, reason: 'no' }
              : { accepted: true as const },
          },
        ],
      })),
    )
  }
}

const pause = (id: string): Envelope => ({
  id,
  entityId: `saga-${id}`,
  message: { type: 'pause', by: BY, reason: 'test' },
})
const many = (count: number, prefix = 'm') =>
  Array.from({ length: count }, (_, n) => pause(`${prefix}${n}`))

describe('the sender', () => {
  it('posts together what is sent together, and what comes while a post is under way', async () => {
    const bench = new Bench()
    let open = () => {}
    bench.gate = new Promise((resolve) => {
      open = resolve
    })
    const first = Promise.all(many(3, 'a').map((one) => bench.sender.post([one])))
    await flush()
    const second = Promise.all(many(4, 'b').map((one) => bench.sender.post([one])))
    await flush()
    open()
    await Promise.all([first, second])
    expect(bench.posts).toEqual([
      ['a0', 'a1', 'a2'],
      ['b0', 'b1', 'b2', 'b3'],
    ])
    expect(bench.woken).toHaveLength(7)
  })

  it('posts no more than its bound together, and refuses when too much waits', async () => {
    const bench = new Bench()
    const sent = Array.from({ length: 20 }, (_, n) => bench.sender.post(many(POST_MAX, `p${n}-`)))
    const refused = bench.sender.post([pause('late')])
    expect(await refused).toMatchObject([{ code: 'OVERLOADED', details: { retryAfterMs: 1_000 } }])
    await Promise.all(sent)
    expect(Math.max(...bench.posts.map((ids) => ids.length))).toBe(POST_MAX)
    expect(await bench.sender.post([pause('later')])).toEqual([null])
  })

  it('tells only those whose message the store cannot hold', async () => {
    const bench = new Bench()
    bench.unfit.add('a3').add('b0')
    const [batch, single, other] = await Promise.all([
      bench.sender.post(many(8, 'a')),
      bench.sender.post([pause('b0')]),
      bench.sender.post([pause('c0')]),
    ])
    const refused = { code: 'INVALID_INPUT' }
    expect(batch).toMatchObject([null, null, null, refused, null, null, null, null])
    expect(single).toMatchObject([refused])
    expect(other).toEqual([null])
    expect(bench.woken.sort()).toEqual(
      ['a0', 'a1', 'a2', 'a4', 'a5', 'a6', 'a7', 'c0'].map((id) => `saga-${id}`),
    )
  })

  it('tells everybody when the store is away', async () => {
    const bench = new Bench()
    bench.trouble = new SagaError('UNAVAILABLE', 'away', { outcomeUnknown: true })
    const answers = await bench.sender.ask(many(2))
    expect(answers).toEqual(
      Array(2).fill({
        accepted: false,
        code: 'UNAVAILABLE',
        reason: 'away',
        details: { outcomeUnknown: true },
      }),
    )
    expect(bench.posts).toEqual([])
  })

  it('asks the store for all verdicts at once, when nobody here tells of them', async () => {
    const bench = new Bench()
    let asked = 0
    const verdicts = bench.store.verdicts.bind(bench.store)
    bench.store.verdicts = (ids) => {
      asked++
      return verdicts(ids)
    }
    const answers = Promise.all([bench.sender.ask(many(50)), bench.sender.ask([pause('x')])])
    await flush()
    await bench.take((id) => id === 'm7')
    await bench.clock.advance(1_000)
    const [batch, single] = await answers
    expect(batch.map(({ accepted }) => accepted)).toEqual(many(50).map(({ id }) => id !== 'm7'))
    expect(single).toEqual([{ accepted: true }])
    expect(asked).toBe(1)
  })

  it('gives the first answer at once to what was sent before', async () => {
    const bench = new Bench()
    const before = bench.sender.ask([pause('again')])
    await flush()
    await bench.take(() => true)
    await bench.clock.advance(1_000)
    expect(await bench.sender.ask([pause('again')])).toEqual(await before)
  })

  it('gives up waiting after its time, and says that the message is kept', async () => {
    const bench = new Bench()
    const answers = bench.sender.ask([pause('lonely')])
    await bench.clock.advance(11_000)
    expect(await answers).toMatchObject([
      {
        accepted: false,
        code: 'UNAVAILABLE',
        reason: expect.stringContaining('is stored, but no worker has taken it'),
        details: { messageId: 'lonely' },
      },
    ])
  })
})
