// biome-ignore-all lint/suspicious/noTemplateCurlyInString: patches quote the product's own template strings
/**
 * Known bugs, planted on purpose. The simulation has to find each one: if it does not, it is the checker that is broken.
 * The second half are bugs that this simulation found in the product; planting them again is their regression test.
 *
 * A bug is planted in a copy of the sources (planted-source.ts) or in the simulated store (planted-stores.ts).
 */
import {
  AcksFirst,
  FencedByExists,
  ForgetsLateMail,
  NewestFirst,
  OrphanedPosts,
  SecondEnd,
  StatementsFirst,
  StatementsLater,
} from './planted-stores'
import type { SimulatedStore } from './simulated-store'

export interface Patch {
  /** Below runtime/. */
  file: string
  /** Found there exactly once. */
  from: string
  to: string
}

export interface PlantedBug {
  name: string
  /** What is wrong with it, in a sentence. */
  wrong: string
  /** The invariants that it breaks; one of them has to be the first that is reported. */
  breaks: readonly string[]
  patches?: readonly Patch[]
  Store?: typeof SimulatedStore
  /** Where looking begins, for one that shows itself seldom; default 1. */
  seed?: number
}

const UNFENCED: Patch = { file: 'journal/memory-store.ts', from: '      fence(lease)\n', to: '' }

const STUCK = ['NOT_ENDED', 'MAIL_LOST', 'NOT_STARTED', 'START_LOST']

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'fence by EXISTS',
    wrong: 'The lease is looked at when a commit begins and not held until it ends.',
    breaks: ['FENCED_WRITER'],
    patches: [UNFENCED],
    Store: FencedByExists,
  },
  {
    name: 'no fence',
    wrong: 'A commit does not look at the lease at all.',
    breaks: ['FENCED_WRITER'],
    patches: [UNFENCED],
  },
  {
    name: 'act before commit',
    wrong: 'Calls leave before the entries that announce them are durable.',
    breaks: ['ACTED_FIRST'],
    patches: [
      {
        file: 'saga/engine.ts',
        from: '      send: (work) =>\n        this.#turnstile.pass(',
        to: `      send: (work) => {
        for (const { resident, commands } of work)
          for (const command of commands)
            if (command.c === 'call') this.#performer.perform(resident.id, command)
        return this.#turnstile.pass(`,
      },
      {
        file: 'saga/engine.ts',
        from: '          ),\n        ),\n      committed:',
        to: '          ),\n        )\n      },\n      committed:',
      },
    ],
  },
  {
    name: 'hint overtakes backlog',
    wrong: 'What has just been posted is handed out before what waits already.',
    breaks: ['OVERTAKEN'],
    Store: NewestFirst,
  },
  {
    name: 'timer fires twice',
    wrong: 'A timer that has fired or was cancelled is taken again when it comes again.',
    breaks: ['TIMER_TWICE'],
    patches: [
      {
        file: 'saga/decide.ts',
        from: 'return !(message.timer in state.timers)',
        to: 'return false',
      },
    ],
  },
  {
    name: 'reply lost',
    wrong:
      'What arrives for a saga while its commit is in flight is dropped with what was committed.',
    breaks: ['OVERTAKEN', ...STUCK],
    patches: [
      {
        file: 'saga/engine.ts',
        from: '      resident.queue.splice(0, items.length)\n      resident.alone = false',
        to: '      resident.queue.length = 0\n      resident.alone = false',
      },
    ],
  },
  {
    name: 'dedup key per attempt',
    wrong: 'Each attempt of a step has its own idempotency key.',
    breaks: ['KEY_CHANGED', 'TWICE', 'LEFT_STANDING'],
    patches: [
      {
        file: 'saga/forward.ts',
        from: '    record.key ??\n    (step.idempotencyKey === undefined\n      ? `${turn.state.id}:${id}`',
        to: '    (step.idempotencyKey === undefined\n      ? `${turn.state.id}:${id}:${attempt}`',
      },
    ],
  },
  {
    name: 'ack before commit',
    wrong:
      'Messages are acknowledged in a transaction of their own, before the entries are written.',
    breaks: [...STUCK, 'MAIL_TWICE', 'PROMISE_BROKEN'],
    Store: AcksFirst,
  },
  {
    name: 'compensation does not wait',
    wrong: 'A step is compensated while its forward call is running.',
    breaks: ['OVERTOOK_FORWARD'],
    patches: [
      {
        file: 'saga/unwind.ts',
        from: "return record.state === 'running' && turn.step(id).type === 'action'",
        to: 'return false',
      },
    ],
  },
  {
    name: 'unknown taken for failed',
    wrong: 'A step whose outcome is unknown counts as not having happened.',
    breaks: ['LEFT_STANDING', 'UNNAMED', 'TOO_MUCH'],
    seed: 5,
    patches: [
      {
        file: 'saga/forward.ts',
        from: "const maybe = record.maybe || before || error.kind === 'unknown'",
        to: 'const maybe = false && before',
      },
    ],
  },
  {
    name: 'repetition after a crash believed',
    wrong: 'A call that is performed again after a crash and fails counts as not having happened.',
    breaks: ['LEFT_STANDING', 'UNNAMED', 'TOO_MUCH'],
    seed: 242,
    patches: [
      {
        file: 'saga/perform.ts',
        from: 'again && failed ? { ...outcome, maybe: true } : outcome',
        to: 'again && failed ? outcome : outcome',
      },
    ],
  },
  {
    name: 'recovery skips active sagas',
    wrong: 'A new owner waits for mail and timers and does not bring back what was under way.',
    breaks: STUCK,
    patches: [
      {
        file: 'saga/engine.ts',
        from: '      if (ids.length === 0) break',
        to: '      if (ids.length >= 0) break',
      },
    ],
  },
  {
    name: 'cancel forgets deferred results',
    wrong: 'Results that waited while the saga was paused are dropped when it is cancelled.',
    breaks: STUCK,
    seed: 63,
    patches: [
      {
        file: 'saga/control.ts',
        from: "  turn.raise('unwind')\n  return deferred\n}\n\nexport function cancel(",
        to: "  turn.raise('unwind')\n  return deferred.slice(0, 0)\n}\n\nexport function cancel(",
      },
    ],
  },
  {
    name: 'snapshot ahead of its entries',
    wrong: 'A snapshot holds an entry more than it says, which is then replayed on top of it.',
    breaks: ['SNAPSHOT_DIFFERS', ...STUCK],
    patches: [
      {
        file: 'saga/take-turn.ts',
        from: 'commit.snapshot = { seq, data: state,',
        to: 'commit.snapshot = { seq: seq - 1, data: state,',
      },
    ],
  },
  {
    name: 'new key after a restart',
    wrong: 'A call that is performed again after a restart has a new idempotency key.',
    breaks: ['KEY_CHANGED'],
    patches: [
      {
        file: 'saga/engine.ts',
        from: 'this.#performer.perform(id, call, true)',
        to: 'this.#performer.perform(id, { ...call, key: `${call.key}:again` }, true)',
      },
    ],
  },
  {
    name: 'stale decision opens a gate',
    wrong: 'A decision made on an older state of the saga is taken.',
    breaks: ['STALE_DECISION'],
    patches: [
      {
        file: 'saga/control.ts',
        from: 'else if (message.seenSeq < state.movedSeq)',
        to: 'else if (message.seenSeq < 0)',
      },
    ],
  },
  {
    name: 'timeout opens a gate',
    wrong: 'When nobody decides in time the gate opens.',
    breaks: ['GATE_OPENED'],
    patches: [
      {
        file: 'saga/decide.ts',
        from: "  if (step.onTimeout === 'PAUSE' || turn.state.pivot !== null) {\n    pauseSaga(turn, `Nobody decided at ${id} in time`)",
        to: "  if (step.onTimeout === 'PAUSE' || turn.state.pivot !== null) {\n    turn.closeGate(id, 'EXPIRED')\n    completeStep(turn, id)",
      },
    ],
  },
  {
    name: 'lost wake-up after an unknown commit',
    wrong: 'A saga whose commit turns out to have happened is not looked at again.',
    breaks: STUCK,
    seed: 33,
    patches: [
      {
        file: 'saga/engine.ts',
        from: 'if ((resident.queue.length > 0 || resident.seq < 0) && !resident.stuck)\n',
        to: 'if (resident.queue.length > 0 && !resident.stuck)\n',
      },
    ],
  },
  {
    name: "child's second report dropped",
    wrong: 'A child that completed and was then rolled back reports under the same message id.',
    breaks: ['NOT_ENDED', 'MAIL_LOST'],
    patches: [
      {
        file: 'saga/unwind.ts',
        from: 'id: `child:${id}:${endings}:${turn.seq}`',
        to: 'id: `child:${id}:${endings && turn.seq && 0}`',
      },
    ],
  },
  {
    name: 'posts outside the commit',
    wrong: 'Messages to other sagas are posted after the commit, and lost with the connection.',
    breaks: ['MAIL_LOST', ...STUCK],
    Store: OrphanedPosts,
  },
  {
    name: 'late mail forgotten',
    wrong: "The reader moves on past a slow sender's message that was not visible yet.",
    breaks: ['OVERTAKEN', ...STUCK],
    seed: 32,
    Store: ForgetsLateMail,
  },
  {
    name: 'commit order by hope',
    wrong: 'A commit does not check that it follows the entries that are there.',
    breaks: ['JOURNAL_GAP', 'REPLAY_DIFFERS', 'CHAIN_BROKEN'],
    seed: 33,
    Store: SecondEnd,
  },
  {
    name: 'pause forgets the timers',
    wrong: 'What was left of the timers is not kept while a saga is paused.',
    breaks: STUCK,
    patches: [
      {
        file: 'saga/unwind.ts',
        from: 'state.paused = { status: state.status, reason, timers, deferred: [] }',
        to: 'state.paused = { status: state.status, reason, timers: {}, deferred: [] }',
      },
    ],
  },
  {
    name: 'compensation in any order',
    wrong: 'A compensation does not wait for those of the steps behind it.',
    breaks: ['UNDO_ORDER'],
    patches: [
      {
        file: 'saga/unwind.ts',
        from: "if (record.undo?.state === 'exhausted' || blocked(turn, id, open)) continue",
        to: "if (record.undo?.state === 'exhausted' || (false && blocked(turn, id, open))) continue",
      },
    ],
  },
  {
    name: 'losing branch kept',
    wrong: 'What the losers of a join did is not compensated.',
    breaks: ['TOO_MUCH', ...STUCK],
    patches: [
      {
        file: 'saga/forward.ts',
        from: '    .filter(([name]) => record.branches?.[name] !== true)',
        to: '    .filter(([name]) => record.branches?.[name] === false)',
      },
    ],
  },

  // ── Found by this simulation ──────────────────────────────────────────────────────────────────────────────────
  {
    name: 'start refused for want of its definition',
    wrong: 'A start whose definition cannot be read just now is refused, and so lost.',
    breaks: ['START_LOST', 'REPORT_REFUSED', 'MAIL_REFUSED', ...STUCK],
    patches: [
      {
        file: 'saga/resolve-start.ts',
        from: "if (!isSagaError(error) || error.code === 'UNAVAILABLE') throw error",
        to: 'if (!isSagaError(error)) throw error',
      },
    ],
  },
  {
    name: 'takeover that failed once',
    wrong: 'Shards whose sagas could not be read when they were taken are never recovered.',
    breaks: STUCK,
    patches: [
      {
        file: 'saga/engine.ts',
        from: `        logger.warn('Sagas could not be brought back yet; trying again', { error })
`,
        to: `        logger.warn('Sagas could not be brought back', { error })
        break
`,
      },
    ],
  },
  {
    name: 'reading back fails once',
    wrong: 'A saga that cannot be read back after a failed commit is forgotten.',
    breaks: STUCK,
    patches: [
      {
        file: 'saga/engine.ts',
        from: 'if ((resident.queue.length > 0 || resident.seq < 0) && !resident.stuck)\n',
        to: 'if (resident.queue.length > 0 && !resident.stuck)\n',
      },
      {
        file: 'saga/engine.ts',
        from: '    else if (isDone(resident)) this.#residents.delete(resident.id)',
        to: `    else if (resident.seq < 0) {
      this.#residents.delete(resident.id)
      void this.#bring([resident.id]).catch((error) => this.#failed(error))
    } else if (isDone(resident)) this.#residents.delete(resident.id)`,
      },
    ],
  },
  {
    name: 'timer of an older setting',
    wrong: 'A timer fires when an earlier setting of the same name would have been due.',
    breaks: ['TIMER_EARLY'],
    patches: [
      {
        file: 'saga/take-turn.ts',
        from: "if (message.type === 'timer' && dueAt !== undefined && dueAt > at) {",
        to: "if (message.type === 'timer' && dueAt !== undefined && dueAt > Infinity) {",
      },
    ],
  },
  {
    name: 'answered call performed again',
    wrong: 'A call whose result waits to be decided is performed again when its saga is read back.',
    breaks: ['OVERTOOK_FORWARD', 'LEFT_STANDING', 'UNNAMED', 'TOO_MUCH'],
    patches: [
      {
        file: 'saga/engine.ts',
        from: '!call.answered && !answered.has(call.call)',
        to: '!call.answered',
      },
    ],
  },
  {
    name: 'mail and recovery load a saga twice',
    wrong: 'Recovery replaces a saga that mail brought into memory.',
    breaks: ['OVERTAKEN', ...STUCK],
    patches: [
      {
        file: 'saga/engine.ts',
        from: 'ids.filter((id) => this.owns(id) && !this.#residents.has(id))',
        to: 'ids.filter((id) => this.owns(id))',
      },
    ],
  },
  {
    name: 'deferred signal blocks the resume',
    wrong:
      'A signal that waited while the saga was paused and then comes too late has the resume refused.',
    breaks: STUCK,
    seed: 92,
    patches: [
      {
        file: 'saga/decide.ts',
        from: 'if (next === message || !isSagaError(error)) throw error',
        to: 'throw error',
      },
    ],
  },
  {
    name: "losing branch's failure unpauses",
    wrong:
      'A saga that waits for an operator to undo a losing branch unwinds, and is paused for ever.',
    breaks: STUCK,
    seed: 25,
    patches: [
      {
        file: 'saga/unwind.ts',
        from: "result === 'exhausted' && !waitsForOperator(turn, members)",
        to: "result === 'exhausted' && (true || waitsForOperator(turn, members))",
      },
    ],
  },
  {
    name: 'completed child rolled back alone',
    wrong: 'An operator may roll back a child whose parent goes on with what it did.',
    breaks: ['MISSING', ...STUCK],
    seed: 41,
    patches: [
      {
        file: 'saga/control.ts',
        from: "if (state.parent && state.status === 'COMPLETED')",
        to: "if (state.parent && state.status === 'PENDING')",
      },
    ],
  },

  // ── In shards that move ───────────────────────────────────────────────────────────────────────────────────────
  {
    name: 'commit under an old epoch',
    wrong: 'A commit that was sent before shards were moved, and arrives after, is carried out.',
    breaks: ['FENCED_WRITER'],
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
    seed: 41,
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
    seed: 198,
    patches: [
      { file: 'cluster/lease-keeper.ts', from: 'const SAFE_PART = 0.9', to: 'const SAFE_PART = 2' },
    ],
  },
  {
    name: 'calls started in a shard that is drained',
    wrong: 'A shard that is about to be given up goes on starting calls.',
    breaks: ['CALLED_ELSEWHERE'],
    seed: 675,
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
    seed: 33,
    Store: StatementsFirst,
  },
  {
    name: 'statement lost',
    wrong:
      'The statements of a transactional step are carried out after the commit they belong to.',
    breaks: ['MISSING', 'LEFT_STANDING'],
    Store: StatementsLater,
  },
  {
    name: 'call leaves after its deadline',
    wrong: 'A call whose participant took long to look up leaves although it was given up.',
    breaks: ['OVERTOOK_FORWARD', 'CALLED_ELSEWHERE'],
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
    seed: 1745,
    patches: [
      {
        file: 'saga/take-turn.ts',
        from: '(!resolved || ++starts > 1)',
        to: '++starts > 1',
      },
    ],
  },
  {
    name: 'shards closed under an old view',
    wrong:
      'Shards are drained that have been given away already, and stay closed when they come back.',
    breaks: STUCK,
    patches: [
      {
        file: 'cluster/lease-keeper.ts',
        from: `if (isStale) this.#again ||= this.#changes.open === 0
      else this.#moves`,
        to: 'this.#moves',
      },
      {
        file: 'saga/engine.ts',
        from: 'for (const shard of lease.shards) if (!before.includes(shard)) this.#open(shard)',
        to: '',
      },
    ],
  },
  {
    name: 'neighbours of an unread saga sleep',
    wrong: 'Calls of sagas that were read are not performed when a later one could not be read.',
    breaks: STUCK,
    seed: 82,
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
    name: 'resumed past its gate',
    wrong: 'Resuming a saga compensates what waits for the decision at a gate, which stays open.',
    breaks: ['TWICE'],
    patches: [
      {
        file: 'saga/control.ts',
        from: " && turn.state.gates[step]?.kind !== 'undo')",
        to: ')',
      },
    ],
  },
  {
    name: 'answer from before reading started over',
    wrong: 'Mail that left out what was held is taken, although that has been let go since.',
    breaks: ['OVERTAKEN'],
    patches: [
      {
        file: 'saga/inbox.ts',
        from: 'if (start !== this.#starts) continue',
        to: 'if (false && start) continue',
      },
    ],
  },
  {
    name: 'next tenant under the same epoch',
    wrong:
      'A commit of the tenant that lapsed comes after the next one has read what there is to do.',
    breaks: STUCK,
    patches: [
      {
        file: 'cluster/lease-keeper.ts',
        from: 'await store.reassign(lease, { take: [], give: [] })',
        to: 'lease',
      },
    ],
  },
]
