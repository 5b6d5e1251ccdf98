/**
 * Wake-ups between workers as UDP carries them: late, lost, doubled, or to a process that is not there any more.
 */
import type { OpenWakeUps } from '@/runtime/cluster/wake-ups'
import type { Process } from './process'
import type { World } from './world'

/** What one process listens and sends with. */
export function openWakeUps(world: World, mine: Process): OpenWakeUps {
  const random = world.random.fork(`${mine.name} hints`)
  return async (heard) => {
    const address = `sim://${mine.name}`
    world.ears.set(address, (what) => mine.deliver(() => heard(what)))
    return {
      address,
      send(to, what) {
        for (const copy of random.chance(0.05) ? [1, 2] : [1]) {
          if (random.chance(world.swarm.deaf ?? 0)) continue
          world.clock.after(random.delay(copy), () => world.ears.get(to)?.(what))
        }
      },
      close: () => void world.ears.delete(address),
    }
  }
}
