/** Reachability over a compiled region's arrows, by definition and not for speed: what tests hold the scheduler against. */
import type { CompiledRegion } from '@/runtime/compiler/compile'

/** Steps from which control flow can reach a step, by id; worked out on first asking. */
export function reachOf({ predecessors }: Pick<CompiledRegion, 'predecessors'>) {
  const known = new Map<string, ReadonlySet<string>>()
  return (step: string): ReadonlySet<string> => {
    let before = known.get(step)
    if (!before) {
      const all = new Set(predecessors.get(step))
      // A set yields what is added while it is walked.
      for (const id of all) for (const one of predecessors.get(id) ?? []) all.add(one)
      before = all
      known.set(step, before)
    }
    return before
  }
}
