/**
 * Stands between clients and a PostgreSQL server, and does to their connections what networks do: cuts them, before or after
 * what was sent has been carried out, swallows everything without a word, or leads to another server.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What becomes of a client's next message: passed on; lost on its way; or carried out, and only the answer lost. */
export type Fate = 'pass' | 'lose-request' | 'lose-answer'

export interface TcpProxy {
  /** The server's address, by way of this proxy. */
  url: string
  /** Asked for each message of a client; default: passes all. */
  fate(choose: (message: Buffer) => Fate): void
  /** Resets every connection, and refuses new ones until it is opened again. */
  close(): void
  open(): void
  /** From now on nothing passes on the present connections, in either direction, and nobody is told. */
  swallow(): void
  /** New connections are swallowed from the start, until it is opened again. */
  swallowNew(): void
  /** New connections go to another server on this machine. */
  lead(port: number): void
  end(): Promise<void>
}

export async function startTcpProxy(url: string): Promise<TcpProxy> {
  const target = new URL(url)
  const { hostname } = target
  let port = Number(target.port)
  let choose: (message: Buffer) => Fate = () => 'pass'
  let isOpen = true
  let isSwallowing = false
  const pairs = new Set<{ client: Socket; upstream: Socket; swallowed: boolean }>()

  const server = createServer((client) => {
    client.on('error', () => {})
    if (!isOpen) {
      client.resetAndDestroy()
      return
    }
    const upstream = connect(port, hostname)
    const pair = { client, upstream, swallowed: isSwallowing, answerLost: false }
    pairs.add(pair)
    const gone = () => {
      pairs.delete(pair)
      client.destroy()
      upstream.destroy()
    }
    client.on('data', (message) => {
      if (pair.swallowed || pair.answerLost) return
      const fate = choose(message)
      if (fate === 'lose-request') {
        client.resetAndDestroy()
        gone()
        return
      }
      pair.answerLost = fate === 'lose-answer'
      upstream.write(message)
    })
    upstream.on('data', (answer) => {
      if (pair.swallowed) return
      if (pair.answerLost) {
        client.resetAndDestroy()
        gone()
      } else client.write(answer)
    })
    upstream.on('error', () => {})
    client.on('close', gone)
    upstream.on('close', gone)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = new URL(url)
  address.port = String((server.address() as AddressInfo).port)

  const cut = () => {
    for (const { client, upstream } of pairs) {
      client.resetAndDestroy()
      upstream.destroy()
    }
    pairs.clear()
  }
  return {
    url: address.href,
    fate: (next) => {
      choose = next
    },
    close() {
      isOpen = false
      cut()
    },
    open() {
      isOpen = true
      isSwallowing = false
    },
    swallowNew() {
      isSwallowing = true
    },
    swallow() {
      for (const pair of pairs) pair.swallowed = true
    },
    lead(next) {
      port = next
      cut()
    },
    async end() {
      cut()
      await new Promise<void>((closed) => server.close(() => closed()))
    },
  }
}
