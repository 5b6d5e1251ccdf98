import { describe, expect, it, onTestFinished } from 'vitest'
import {
  createParticipantRegistry,
  type ParticipantSource,
  type RegistryConfig,
  type StoredParticipant,
} from '../../../runtime/participant/registry'
import type { Clock } from '../../../runtime/ports'
import { createWebhookSecret } from '../../../runtime/security/webhook-signature'
import { systemClock } from '../../../runtime/system'
import { callOf, never, serve } from './support'

const secret = createWebhookSecret()

function stored(url: string, change: Partial<StoredParticipant> = {}): StoredParticipant {
  return {
    name: 'ledger',
    revision: '1',
    disabled: false,
    endpointUrl: url,
    healthUrl: `${url}/health`,
    secrets: [secret],
    allowPrivateNetwork: true,
    timeoutMs: 5_000,
    ...change,
  }
}

function registryOf(config: Omit<RegistryConfig, 'clock'> & { clock?: Clock }) {
  const registry = createParticipantRegistry({ clock: systemClock, ...config })
  onTestFinished(async () => void registry.close())
  return registry
}

/** A source that is told what to say and counts how often it is asked. */
function sourceOf(say: () => StoredParticipant | undefined): ParticipantSource & { asked: number } {
  return {
    asked: 0,
    async load() {
      this.asked++
      return say()
    },
  }
}

/** Time that stands still until it is moved. */
function stoppedClock() {
  const clock = { ...systemClock, time: 1_000, now: () => clock.time }
  return clock
}

describe('the participant registry', () => {
  it('finds functions, stored participants, and nothing else', async () => {
    const { url } = await serve((_, response) => response.end('"http"'))
    const registry = registryOf({
      functions: { inside: { work: () => 'function' } },
      source: {
        load: async (name) => (name === 'ledger' ? stored(url) : undefined),
      },
    })
    const inside = await registry.find('inside')
    expect(await inside?.call(callOf(), never)).toEqual({ ok: true, output: 'function' })
    const outside = await registry.find('ledger')
    expect(await outside?.call(callOf(), never)).toEqual({ ok: true, output: 'http' })
    expect(await registry.find('absent')).toBeUndefined()
  })

  it('asks the source once for all who look at the same time, and again after a while', async () => {
    const clock = stoppedClock()
    const source = sourceOf(() => stored('http://127.0.0.1:9'))
    const registry = registryOf({ source, clock, ttlMs: 100 })
    const found = await Promise.all([1, 2, 3].map(() => registry.find('ledger')))
    expect(new Set(found).size).toBe(1)
    expect(source.asked).toBe(1)
    clock.time += 100
    // unchanged: the same adapter, with its sockets
    expect(await registry.find('ledger')).toBe(found[0])
    expect(source.asked).toBe(2)
  })

  it('takes a change at once when it is told of it', async () => {
    let now = stored('http://127.0.0.1:9')
    const registry = registryOf({ source: sourceOf(() => now), ttlMs: 1e9 })
    const before = await registry.find('ledger')
    now = stored('http://127.0.0.1:9', { revision: '2', disabled: true })
    expect(await registry.find('ledger')).toBe(before)
    registry.invalidate('ledger')
    const after = await registry.find('ledger')
    expect(await after?.call(callOf(), never)).toMatchObject({
      kind: 'retryable',
      code: 'PARTICIPANT_DISABLED',
    })
  })

  it('does not keep what was read before a change that was told meanwhile', async () => {
    const answers = [stored('http://127.0.0.1:9'), stored('http://127.0.0.1:9', { revision: '2' })]
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const registry = registryOf({
      ttlMs: 1e9,
      source: {
        async load() {
          const answer = answers.shift()
          if (answer?.revision === '1') await held
          return answer
        },
      },
    })
    const early = registry.find('ledger')
    registry.invalidate('ledger')
    release()
    const old = await early
    expect(await registry.find('ledger')).not.toBe(old)
  })

  it('answers for a participant that cannot be called, without calling', async () => {
    const registry = registryOf({
      source: sourceOf(() => stored('https://10.0.0.1', { allowPrivateNetwork: false })),
    })
    const participant = await registry.find('ledger')
    expect(await participant?.call(callOf(), never)).toMatchObject({
      kind: 'terminal',
      code: 'PARTICIPANT_INVALID',
    })
  })

  it('goes on with what it knows while the source is away', async () => {
    const clock = stoppedClock()
    let away = false
    const registry = registryOf({
      clock,
      ttlMs: 1,
      source: {
        async load() {
          if (away) throw new Error('no database')
          return stored('http://127.0.0.1:9')
        },
      },
    })
    const known = await registry.find('ledger')
    away = true
    clock.time += 10
    expect(await registry.find('ledger')).toBe(known)
    await expect(registry.find('other')).rejects.toThrow('no database')
  })

  it('keeps the health of each participant', async () => {
    const { url } = await serve((_, response) => response.end('{}'))
    const registry = registryOf({
      functions: {
        inside: {
          work: () => {
            throw new Error('broken')
          },
        },
      },
      source: sourceOf(() => stored(url)),
    })
    expect(registry.health('ledger').status).toBe('UNKNOWN')
    expect(await registry.probe('ledger')).toMatchObject({ status: 'UP', samples: 1 })
    for (let i = 0; i < 3; i++) await (await registry.find('inside'))?.call(callOf(), never)
    expect(registry.health('inside')).toMatchObject({ status: 'DOWN', failureRate: 1 })
  })
})
