import { expect, it } from 'vitest'
import { Turnstile } from '@/runtime/cluster/turnstile'
import { flush } from '../../support/virtual-clock'

function latch() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open: () => open(), opened }
}

it('lets many pass at once', async () => {
  const stile = new Turnstile()
  const hold = latch()
  let inside = 0
  const passing = [1, 2, 3].map(() =>
    stile.pass(async () => {
      inside++
      await hold.opened
    }),
  )
  await flush()
  expect(inside).toBe(3)
  hold.open()
  await Promise.all(passing)
})

it('waits for those inside before somebody is alone, and keeps the later ones out until then', async () => {
  const stile = new Turnstile()
  const first = latch()
  const change = latch()
  const seen: string[] = []
  const passing = stile.pass(async () => {
    await first.opened
    seen.push('first')
  })
  const alone = stile.alone(async () => {
    seen.push('alone')
    await change.opened
  })
  const late = stile.pass(async () => void seen.push('late'))
  await flush()
  expect(seen).toEqual([])
  first.open()
  await flush()
  expect(seen).toEqual(['first', 'alone'])
  change.open()
  await Promise.all([passing, alone, late])
  expect(seen).toEqual(['first', 'alone', 'late'])
})

it('lets those who want to be alone take turns, and goes on after one that fails', async () => {
  const stile = new Turnstile()
  let alone = 0
  const runs = Array.from({ length: 5 }, (_, n) =>
    stile.alone(async () => {
      expect(++alone).toBe(1)
      await flush(1)
      alone--
      if (n === 2) throw new Error('failed')
      return n
    }),
  )
  const results = await Promise.allSettled(runs)
  expect(results.map((one) => one.status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
  ])
  expect(await stile.pass(async () => 'through')).toBe('through')
})
