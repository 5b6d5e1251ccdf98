/**
 * Wake-ups as single UDP datagrams: no connections, no queues, nothing that can hang. The address names a secret that each
 * datagram must carry, so that a stray or guessed one costs nobody a look into the store.
 */

import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import type { OpenWakeUps, WakeUp } from './wake-ups'

const WORDS: Record<string, WakeUp> = { m: 'mail', l: 'lease' }
const LETTERS: Record<WakeUp, string> = { mail: 'm', lease: 'l' }

/** `host`: the address of this machine that the other workers reach; loopback when all are on one machine. */
export function udpWakeUps(host = '127.0.0.1'): OpenWakeUps {
  return async (heard) => {
    const secret = randomBytes(8).toString('hex')
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    await new Promise<void>((bound, failed) => {
      socket.once('error', failed)
      socket.bind({ port: 0, address: host }, () => {
        socket.off('error', failed)
        bound()
      })
    })
    socket.on('error', () => {})
    socket.on('message', (datagram) => {
      if (datagram.length !== secret.length + 1) return
      const text = datagram.toString('latin1')
      const what = WORDS[text.slice(-1)]
      if (what && text.startsWith(secret)) heard(what)
    })
    socket.unref()
    const { port } = socket.address()
    let open = true
    return {
      address: `udp://${host.includes(':') ? `[${host}]` : host}:${port}/${secret}`,
      send(address, what) {
        const target = parse(address)
        if (open && target)
          socket.send(`${target.secret}${LETTERS[what]}`, target.port, target.host, () => {})
      },
      close() {
        if (!open) return
        open = false
        socket.close()
      },
    }
  }
}

/** Addresses come out of the database: read with care. */
function parse(address: string): { host: string; port: number; secret: string } | null {
  const [, host, port, secret] =
    /^udp:\/\/\[?([0-9a-zA-Z.:-]{1,253}?)\]?:(\d{1,5})\/([0-9a-f]{16})$/.exec(address) ?? []
  if (!host || !secret || Number(port) > 65_535 || Number(port) < 1) return null
  return { host, port: Number(port), secret }
}
