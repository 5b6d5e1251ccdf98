/**
 * Who should own which shard: a pure function of who is there and who owns what, so that all workers, each looking for
 * itself, come to the same answer.
 *
 * 1. Rendezvous hashing: a shard belongs to the member with the highest score for it. A member that comes or goes moves
 *    only its own share.
 * 2. A member counts once it has been there for `stableAfterMs` or owns a shard: one that comes and goes moves nothing.
 * 3. A shard without a live owner is taken at once. A shard with one is moved, at most `movesMax` at a time, counting those
 *    that were given up and not yet taken.
 * 4. Nothing moves to a member that has been silent for half of its lease: it may be dead, and what it inherited would wait
 *    for its lease to run out too. When it is back, it gets its share by rule 3.
 * 5. The plan is a wish. That nobody takes what another one owns is the store's business, under its lock.
 */
export interface Member {
  workerId: string
  /** How long it has been there, by the store's clock. */
  ageMs: number
  /** How much of its lease is left, by the store's clock; negative when it has run out and was not ended yet. */
  leftMs: number
  /** Where it hears wake-ups; null when it listens to none. */
  address: string | null
  /** The age of the oldest message it had not decided, as it last said. */
  backlogMs: number
}

export interface ClusterView {
  /** Live workers, this one included. */
  members: readonly Member[]
  /** The live owner of each shard, by number. */
  owners: readonly (string | null)[]
}

export interface Moves {
  /** Shards without an owner that this worker should have. */
  take: number[]
  /** Shards of this worker that another one should have. */
  give: number[]
}

export interface OwnershipOptions {
  stableAfterMs: number
  movesMax: number
}

export const OWNERSHIP: OwnershipOptions = { stableAfterMs: 2_000, movesMax: 16 }

/** What `workerId` should take and give up now. `leaseMs`: how long leases are. */
export function planMoves(
  view: ClusterView,
  workerId: string,
  leaseMs: number,
  { stableAfterMs, movesMax }: OwnershipOptions = OWNERSHIP,
): Moves {
  const candidates = candidatesOf(view, stableAfterMs)
  const silent = new Set(
    view.members.flatMap((one) => (isSilent(one.leftMs, leaseMs) ? [one.workerId] : [])),
  )
  silent.delete(workerId)
  const heirs = candidates.filter((one) => !silent.has(one))
  const take: number[] = []
  const give: number[] = []
  let moves = movesMax - view.owners.filter((owner) => owner === null).length
  view.owners.forEach((owner, shard) => {
    if (owner === null) {
      if (rightfulOwner(shard, heirs) === workerId) take.push(shard)
      return
    }
    const rightful = rightfulOwner(shard, candidates)
    if (rightful === null || rightful === owner || silent.has(rightful)) return
    if (moves-- > 0 && owner === workerId) give.push(shard)
  })
  return { take, give }
}

/** With so much of its lease left, it has missed a renewal at least. */
export function isSilent(leftMs: number, leaseMs: number): boolean {
  return leftMs < leaseMs / 2
}

/** The member with the highest score; null without members. */
export function rightfulOwner(shard: number, workerIds: readonly string[]): string | null {
  let best: string | null = null
  let bestScore = -1
  for (const workerId of workerIds) {
    const value = score(shard, workerId)
    if (value > bestScore || (value === bestScore && best !== null && workerId < best)) {
      best = workerId
      bestScore = value
    }
  }
  return best
}

function candidatesOf(view: ClusterView, stableAfterMs: number): string[] {
  const owning = new Set(view.owners)
  const counted = view.members.filter(
    ({ workerId, ageMs }) => ageMs >= stableAfterMs || owning.has(workerId),
  )
  // Nobody has been there for long: a cluster that just starts waits for nobody.
  return (counted.length > 0 ? counted : view.members).map((member) => member.workerId)
}

/** FNV-1a of both, then murmur3's finisher: names that differ in one letter must not share their fate. */
function score(shard: number, workerId: string): number {
  let hash = 0x811c9dc5
  for (const text of [workerId, `:${shard}`])
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
