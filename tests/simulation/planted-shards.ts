/**
 * Bugs in shards that move (the lease, its epochs, the drain), in statements, and in what is read back. From “call leaves after
 * its deadline” on they are bugs that this simulation found in the product. Three more that it found show themselves too seldom,
 * now that other mends lie before them; their tests are the units': a plan on a view from before shards were moved and a next
 * tenant under the same epoch (cluster/lease-keeper.test.ts), and a saga resumed past its compensation's gate (saga/decide.test.ts).
 */
import { CALM, having, type PlantedBug, STUCK } from './planted-bug'
import { AnswersLate, StatementsFirst, StatementsLater } from './planted-stores'

export const SHARD_BUGS: readonly PlantedBug[] = [
  {
    name: 'commit under an old epoch',
    wrong: 'A commit that was sent before shards were moved, and arrives after, is carried out.',
    breaks: ['FENCED_WRITER'],
    swarm: {
      ...CALM,
      workers: 4,
      joins: 2,
      sagas: 8,
      leaves: 6,
      chaosMs: 12_000,
      store: { ...CALM.store, slow: 0.3, slowMs: 1_500, lostDuring: 0.1 },
    },
    patches: [
      {
        file: 'journal/memory-store.ts',
        from: 'if (holder(lease).epoch !== lease.epoch) throw fenced(lease)',
        to: 'holder(lease)',
      },
    ],
  },
  {
    name: 'shard taken before the lease ended',
    wrong: 'A lease counts as run out a second before it does.',
    breaks: ['TAKEN_EARLY'],
    patches: [
      {
        file: 'journal/memory-store.ts',
        from: 'if (id !== except && worker.expiresAt < clock.now()) worker.live = false',
        to: 'if (id !== except && worker.expiresAt < clock.now() + 1_000) worker.live = false',
      },
    ],
  },
  {
    name: 'shard taken from a live owner',
    wrong: 'Whoever wants a shard gets it, also when another worker was faster.',
    breaks: ['TAKEN_EARLY'],
    swarm: {
      ...CALM,
      workers: 4,
      sagas: 1,
      kills: 12,
      leaves: 4,
      leaseMs: 1_500,
      store: { ...CALM.store, latencyMs: 150 },
    },
    patches: [
      {
        file: 'journal/memory-store.ts',
        from: 'if (!ownerOf(owners[shard] ?? null)) owners[shard] = workerId',
        to: 'owners[shard] = workerId',
      },
    ],
  },
  {
    name: 'self-stop too late',
    wrong: 'A worker that cannot renew goes on for as long again as its lease.',
    breaks: ['CALLED_ELSEWHERE'],
    swarm: {
      ...CALM,
      workers: 4,
      sagas: 8,
      leaseMs: 1_500,
      partitions: 6,
      callsMax: 1,
      chaosMs: 10_000,
      service: { ...CALM.service, workMs: 400 },
    },
    patches: [
      { file: 'cluster/lease-keeper.ts', from: 'const SAFE_PART = 0.9', to: 'const SAFE_PART = 2' },
    ],
  },
  {
    name: 'calls started in a shard that is drained',
    wrong: 'A shard that is about to be given up goes on starting calls.',
    breaks: ['CALLED_ELSEWHERE'],
    swarm: {
      ...CALM,
      workers: 3,
      sagas: 12,
      stops: 5,
      leaseMs: 3_000,
      drainMs: 0,
      callsMax: 1,
      chaosMs: 8_000,
      store: { ...CALM.store, latencyMs: 150 },
      service: { ...CALM.service, retryable: 0.4, slow: 0.2, slowMs: 1_500 },
    },
    Store: AnswersLate,
    patches: [
      {
        file: 'saga/engine.ts',
        from: '&&\n            !this.#closing.has(shardOf(entityId))\n',
        to: '\n',
      },
      {
        file: 'saga/engine.ts',
        from: '|| this.#closing.has(shardOf(id))) return',
        to: ') return',
      },
    ],
  },
  {
    name: 'retreat that does not read back',
    wrong: 'After a commit that failed, or may have, what was decided is kept.',
    breaks: ['REPLAY_DIFFERS', 'SNAPSHOT_DIFFERS', 'CHAIN_BROKEN', ...STUCK],
    patches: [
      {
        file: 'saga/engine.ts',
        from: '    for (const resident of batch) Object.assign(resident, unknownState())\n',
        to: '',
      },
    ],
  },
  {
    name: 'statement run twice',
    wrong:
      'The statements of a transactional step are carried out before the commit they belong to.',
    breaks: ['TWICE', 'LEFT_STANDING', 'TOO_MUCH'],
    swarm: { ...CALM, sagas: 8, store: { ...CALM.store, lostDuring: 0.3 } },
    Store: StatementsFirst,
  },
  {
    name: 'statement lost',
    wrong:
      'The statements of a transactional step are carried out after the commit they belong to.',
    breaks: ['MISSING', 'LEFT_STANDING', 'TOO_MUCH'],
    swarm: { ...CALM, sagas: 8, store: { ...CALM.store, lostAfter: 0.2 } },
    Store: StatementsLater,
  },
  {
    name: 'call leaves after its deadline',
    wrong: 'A call whose participant took long to look up leaves although it was given up.',
    breaks: ['OVERTOOK_FORWARD', 'CALLED_ELSEWHERE'],
    swarm: {
      ...CALM,
      workers: 4,
      sagas: 8,
      joins: 2,
      leaves: 6,
      pauses: 4,
      chaosMs: 10_000,
      definitions: { ...CALM.definitions, slow: 0.7, slowMs: 9_000 },
    },
    patches: [
      {
        file: 'saga/perform.ts',
        from: 'if (this.#aborted || !this.#options.mayCall())',
        to: 'if (false)',
      },
    ],
  },
  {
    name: 'evicted with its mail',
    wrong:
      'A saga in a closed shard leaves memory with mail that was read, and that nobody reads again.',
    breaks: ['OVERTAKEN', ...STUCK],
    swarm: {
      ...CALM,
      workers: 4,
      sagas: 16,
      joins: 2,
      leaves: 6,
      residentMax: 1,
      drainMs: 0,
      isWanted: having('signal'),
      meddling: 4,
      store: { ...CALM.store, latencyMs: 150, refused: 0.2, lostBefore: 0.1 },
    },
    patches: [
      {
        file: 'saga/engine.ts',
        from: '    this.#idle.delete(resident)\n    resident.queue.push(item)',
        to: '    resident.queue.push(item)',
      },
    ],
  },
  {
    name: 'start that came while its saga was prepared',
    wrong: 'It is decided before it knows what it runs, refused, and so lost.',
    breaks: ['START_LOST', 'REPORT_REFUSED'],
    swarm: {
      ...CALM,
      workers: 2,
      sagas: 20,
      isWanted: having('saga'),
      meddling: 8,
      chaosMs: 10_000,
      batchMax: 500,
      definitions: { ...CALM.definitions, slow: 1, slowMs: 1_500 },
    },
    patches: [
      {
        file: 'saga/take-turn.ts',
        from: '(!resolved || ++starts > 1)',
        to: '++starts > 1',
      },
    ],
  },
  {
    name: 'neighbours of an unread saga sleep',
    wrong: 'Calls of sagas that were read are not performed when a later one could not be read.',
    breaks: STUCK,
    swarm: {
      ...CALM,
      workers: 1,
      named: true,
      sagas: 8,
      kills: 3,
      chaosMs: 8_000,
      isWanted: having('saga'),
      definitions: { ...CALM.definitions, refused: 0.5 },
      service: { ...CALM.service, workMs: 400 },
    },
    patches: [
      {
        file: 'saga/read-back.ts',
        from: '  const found = new Map(',
        to: '  const done: Resident[] = []\n  const found = new Map(',
      },
      {
        file: 'saga/read-back.ts',
        from: '        restored(resident)\n',
        to: '        done.push(resident)\n',
      },
      {
        file: 'saga/read-back.ts',
        from: '      }\n  }\n}\n',
        to: '      }\n  }\n  for (const one of done) restored(one)\n}\n',
      },
    ],
  },
  {
    name: 'answer from before reading started over',
    wrong: 'Mail that left out what was held is taken, although that has been let go since.',
    breaks: ['OVERTAKEN', ...STUCK],
    swarm: {
      ...CALM,
      workers: 2,
      sagas: 8,
      isWanted: having('signal'),
      meddling: 4,
      joins: 1,
      leaves: 4,
      store: { ...CALM.store, slow: 0.3, slowMs: 1_500 },
    },
    patches: [
      {
        file: 'saga/inbox.ts',
        from: 'if (start !== this.#starts) continue',
        to: 'if (false && start) continue',
      },
    ],
  },
]
