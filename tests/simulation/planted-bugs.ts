// biome-ignore-all lint/suspicious/noTemplateCurlyInString: patches quote the product's own template strings
/**
 * Known bugs, planted on purpose. The simulation has to find each one: if it does not, it is the checker that is broken.
 *
 * A bug is planted in a copy of the sources (planted-source.ts) or in the simulated store (planted-stores.ts).
 */
import { CALM, having, type Patch, type PlantedBug, STUCK } from './planted-bug'
import { FOUND_BUGS } from './planted-found'
import { SHARD_BUGS } from './planted-shards'
import {
  AcksFirst,
  FencedByExists,
  ForgetsLateMail,
  NewestFirst,
  OrphanedPosts,
  SecondEnd,
} from './planted-stores'

const UNFENCED: Patch = { file: 'journal/memory-store.ts', from: '      fence(lease)\n', to: '' }

const CLASSIC_BUGS: readonly PlantedBug[] = [
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
    swarm: {
      ...CALM,
      workers: 4,
      sagas: 8,
      leaseMs: 1_500,
      pauses: 8,
      store: { ...CALM.store, slow: 0.2, slowMs: 9_000, lostDuring: 0.1 },
    },
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
        from: 'record.key ?? idempotencyKey(turn, id, { source: step.idempotencyKey, at: record.startedAt })',
        to: 'step.idempotencyKey === undefined\n      ? `${turn.state.id}:${id}:${attempt}`\n      : (record.key ?? idempotencyKey(turn, id, { source: step.idempotencyKey, at: record.startedAt }))',
      },
    ],
  },
  {
    name: 'ack before commit',
    wrong:
      'Messages are acknowledged in a transaction of their own, before the entries are written.',
    breaks: [...STUCK, 'MAIL_TWICE', 'PROMISE_BROKEN'],
    swarm: {
      ...CALM,
      sagas: 8,
      isWanted: having('saga'),
      kills: 6,
      meddling: 4,
      store: { ...CALM.store, lostBefore: 0.3 },
    },
    Store: AcksFirst,
  },
  {
    name: 'compensation does not wait',
    wrong: 'A step is compensated while its forward call is running.',
    breaks: ['OVERTOOK_FORWARD'],
    patches: [
      {
        file: 'saga/unwind.ts',
        from: "return record.state === 'running' && step.type === 'action'",
        to: 'return false',
      },
    ],
  },
  {
    name: 'unknown taken for failed',
    wrong: 'A step whose outcome is unknown counts as not having happened.',
    breaks: ['UNDO_ORDER', 'LEFT_STANDING', 'UNNAMED', 'TOO_MUCH'],
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
    swarm: {
      ...CALM,
      sagas: 8,
      workers: 1,
      kills: 12,
      service: { ...CALM.service, slow: 0.5, slowMs: 1_500, refused: 0.4, workMs: 60 },
    },
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
    swarm: {
      ...CALM,
      sagas: 8,
      meddling: 6,
      chaosMs: 6_000,
      service: { ...CALM.service, workMs: 400, latencyMs: 150 },
    },
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
    swarm: { ...CALM, sagas: 8, isWanted: having('approval'), meddling: 1, kills: 3 },
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
    swarm: { ...CALM, sagas: 8, store: { ...CALM.store, lostAfter: 0.4 } },
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
    swarm: {
      ...CALM,
      sagas: 8,
      isWanted: having('saga'),
      store: { ...CALM.store, lostAfter: 0.2 },
    },
    Store: OrphanedPosts,
  },
  {
    name: 'late mail forgotten',
    wrong: "The reader moves on past a slow sender's message that was not visible yet.",
    breaks: ['OVERTAKEN', ...STUCK],
    swarm: {
      ...CALM,
      sagas: 8,
      isWanted: having('signal'),
      meddling: 4,
      store: { ...CALM.store, hidden: 0.5, hiddenMs: 1_500 },
    },
    Store: ForgetsLateMail,
  },
  {
    name: 'commit order by hope',
    wrong: 'A commit does not check that it follows the entries that are there.',
    breaks: ['JOURNAL_GAP', 'REPLAY_DIFFERS', 'CHAIN_BROKEN'],
    swarm: { ...CALM, sagas: 8, store: { ...CALM.store, lostDuring: 0.2 } },
    Store: SecondEnd,
  },
  {
    name: 'pause forgets the timers',
    wrong: 'What was left of the timers is not kept while a saga is paused.',
    breaks: STUCK,
    swarm: { ...CALM, sagas: 8, isWanted: having('wait'), meddling: 4, chaosMs: 6_000 },
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
        file: 'saga/way-back.ts',
        from: 'if (node.blockers === 0 && canStart(node))',
        to: 'if (canStart(node))',
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
]

export const PLANTED_BUGS: readonly PlantedBug[] = [...CLASSIC_BUGS, ...FOUND_BUGS, ...SHARD_BUGS]
