import { createSocket } from 'node:dgram'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { udpWakeUps } from '@/runtime/cluster/udp-wake-ups'
import type { OpenWakeUps, WakeUp, WakeUps } from '@/runtime/cluster/wake-ups'
import { shardOf } from '@/runtime/journal/store'
import { action, saga } from '../../support/dry-run'
import { Fleet } from '../../support/fleet'

describe('wake-ups by UDP', () => {
  const open: WakeUps[] = []
  afterEach(() => {
    for (const one of open.splice(0)) one.close()
  })
  const listen = async (heard: (what: WakeUp) => void = () => {}) => {
    const one = await udpWakeUps()(heard)
    open.push(one)
    return one
  }

  it('are heard by whoever has the address', async () => {
    const heard: WakeUp[] = []
    const to = await listen((what) => void heard.push(what))
    const from = await listen()
    from.send(to.address, 'mail')
    from.send(to.address, 'lease')
    await vi.waitFor(() => expect(heard.sort()).toEqual(['lease', 'mail']))
  })

  it('are not heard without the secret in the address', async () => {
    const heard: WakeUp[] = []
    const to = await listen((what) => void heard.push(what))
    const from = await listen()
    from.send(to.address.replace(/[0-9a-f]{16}$/, '0000000000000000'), 'mail')
    const socket = createSocket('udp4')
    const port = Number(/:(\d+)\//.exec(to.address)?.[1])
    await new Promise((sent) => socket.send('m'.repeat(1_000), port, '127.0.0.1', sent))
    socket.close()
    from.send(to.address, 'lease')
    await vi.waitFor(() => expect(heard).toEqual(['lease']))
  })

  it.each(['', 'http://127.0.0.1:1/', 'udp://127.0.0.1:99999/0123456789abcdef', 'udp://:1/x'])(
    'to an address that is none (%s) go nowhere',
    async (address) => {
      const from = await listen()
      expect(() => from.send(address, 'mail')).not.toThrow()
      from.close()
      expect(() => from.send('udp://127.0.0.1:9/0123456789abcdef', 'mail')).not.toThrow()
    },
  )
})

describe('workers', () => {
  const wait = saga({
    start: 's',
    steps: { s: { type: 'signal', signal: 'go', timeoutMs: 1e9, next: 'a' }, a: action('a') },
  })
  let fleet: Fleet
  afterEach(() => fleet.stop())

  /** Delivers at once within this process; `deaf` loses everything. */
  function ether() {
    const ears = new Map<string, (what: WakeUp) => void>()
    const sent: WakeUp[] = []
    const at = (name: string): OpenWakeUps => {
      return async (heard) => {
        ears.set(name, heard)
        return {
          address: name,
          send: (address, what) => {
            sent.push(what)
            ears.get(address)?.(what)
          },
          close: () => void ears.delete(name),
        }
      }
    }
    return { at, ears, sent }
  }

  it('wake the owner of mail that they post, so that it need not wait for its next look', async () => {
    for (const deaf of [false, true]) {
      fleet = new Fleet(wait)
      const { at, ears, sent } = ether()
      const first = fleet.add('w1', { wakeUps: at('w1'), pollMs: 60_000 })
      const second = fleet.add('w2', { wakeUps: at('w2'), pollMs: 60_000 })
      await first.runtime.start()
      await second.runtime.start()
      await fleet.clock.advance(20_000)
      const owners = await fleet.owners()
      const id = Array.from({ length: 100 }, (_, n) => `s${n}`).find(
        (one) => owners[shardOf(one)] === 'w2',
      ) as string
      if (deaf) ears.clear()
      await first.runtime.startSaga({ definition: 'test', input: null, id })
      await fleet.clock.advance(50)
      expect(sent).toContain('mail')
      expect(fleet.store.saga(id)?.status).toBe(deaf ? undefined : 'RUNNING')
      // A lost hint costs latency and nothing else.
      await fleet.clock.advance(60_000)
      expect(fleet.store.saga(id)?.status).toBe('RUNNING')
      await fleet.stop()
    }
  })

  it('let no new work pass old when they are woken: whoever is woken looks, and takes the oldest first', async () => {
    fleet = new Fleet(wait)
    const { at, ears } = ether()
    const before = fleet.add('gone')
    const start = (names: string[]) =>
      before.runtime.startMany(names.map((id) => ({ definition: 'test', input: null, id })))
    const named = (prefix: string) => Array.from({ length: 200 }, (_, n) => `${prefix}${n}`)
    await start(named('old'))
    // Takes a few at a time, slowly, so that most of the mail is still in the store while it is woken again and again.
    const commit = fleet.store.commit.bind(fleet.store)
    fleet.store.commit = async (...args) => {
      await new Promise<void>((resolve) => fleet.clock.after(10, resolve))
      return commit(...args)
    }
    const worker = fleet.add('w1', { wakeUps: at('w1'), batchMax: 5, pollMs: 60_000 })
    await worker.runtime.start()
    await fleet.clock.advance(15)
    const woken = start(named('new'))
    for (let n = 0; n < 200; n++) {
      ears.get('w1')?.('mail')
      await fleet.clock.advance(5)
    }
    await woken
    await fleet.clock.advance(5_000)
    const feed = await fleet.store.feed(null, 10_000)
    const order = feed.filter(({ entry }) => entry.seq === 1).map(({ entry }) => entry.entityId)
    expect(order).toEqual([...named('old'), ...named('new')])
  })

  it('hear that shards are free from one that stops, and have them at once', async () => {
    fleet = new Fleet(wait)
    const { at } = ether()
    const first = fleet.add('w1', { wakeUps: at('w1') })
    const second = fleet.add('w2', { wakeUps: at('w2') })
    await first.runtime.start()
    await second.runtime.start()
    await fleet.clock.advance(20_000)
    await first.runtime.stop()
    await fleet.clock.advance(20)
    expect(second.runtime.health().shards).toBe(64)
  })
})
