/**
 * Posts mail, and waits for the sagas' verdicts where somebody wants them.
 *
 * 1. One post is under way at a time; what comes meanwhile goes together into the next. So many small sends cost few round
 *    trips, and the order in which they were sent is the order in which they arrive.
 * 2. A post that the store refuses, or that cannot be made into one, is halved until what it cannot hold stands alone: that sender alone is told.
 * 3. A verdict comes from this process's engine (`heard`), or from the store, which is asked now and then for all at once:
 *    another worker may own the saga.
 * 4. What waits here is bounded; beyond that OVERLOADED.
 * 5. What is asked again under an id gets the first answer, if it is the same that is asked. Another request under that id
 *    is refused with CONFLICT. The two are compared only then, so a first request costs no look.
 */
import { isSagaError, SagaError } from '../errors'
import type { Message, Verdict } from '../journal/entry'
import type { Envelope, Store } from '../journal/store'
import type { Clock } from '../ports'
import { canonicalJson } from '../security/digest'

/** Messages in one post. */
export const POST_MAX = 1_000
/** Messages that wait to be posted. */
const WAITING_MAX = 20_000
/** How often the store is asked for verdicts. */
const LOOK_MS = 250

/** What a saga said, or why nothing of it is known; then `details` may say more. */
export type Answer = Verdict & { details?: Record<string, unknown> }

export interface SenderOptions {
  store: Store
  clock: Clock
  /** How long a verdict is waited for. */
  verdictMs: number
  /** These entities have mail. */
  onPosted(entityIds: readonly string[]): void
}

interface Parcel {
  envelopes: readonly Envelope[]
  /** `known`: ids that had been posted before. */
  done(known: string[]): void
  failed(error: unknown): void
}

export class Sender {
  readonly #options: SenderOptions
  readonly #waiting: Parcel[] = []
  readonly #asked = new Map<string, Set<(answer: Answer) => void>>()
  #size = 0
  #posting = false
  #looking = false

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** Null for each that is durable (now, or since it was posted before), else why it is not. */
  async post(envelopes: readonly Envelope[]): Promise<(SagaError | null)[]> {
    const failed = new Map<Envelope, SagaError>()
    await this.#hand(envelopes, (envelope, error) => failed.set(envelope, error))
    return envelopes.map((envelope) => failed.get(envelope) ?? null)
  }

  /** What became of each: the saga's verdict, or why there is none. */
  async ask(envelopes: readonly Envelope[]): Promise<Answer[]> {
    const asked = envelopes.map((envelope) => this.#listen(envelope))
    try {
      const known = await this.#hand(envelopes, ({ id }, { code, message, details }) =>
        this.heard(id, { accepted: false, code, reason: message, details }),
      )
      const others = await this.#others(envelopes, known)
      for (const [n, { arm }] of asked.entries()) if (!others.has(n)) arm()
      // Nobody says it a second time: the answer may be there already.
      await this.#look(known)
      return await Promise.all(asked.map(({ verdict }, n) => others.get(n) ?? verdict))
    } finally {
      for (const { forget } of asked) forget()
    }
  }

  /** Of requests whose id was known: those that ask for something else than the first under that id did. */
  async #others(
    envelopes: readonly Envelope[],
    known: readonly string[],
  ): Promise<Map<number, Answer>> {
    const others = new Map<number, Answer>()
    if (known.length === 0) return others
    const firsts = await this.#options.store.posted([...new Set(known)])
    envelopes.forEach(({ id, entityId, message }, n) => {
      const first = firsts.get(id)
      if (first && !isSameRequest(first, message))
        others.set(n, {
          accepted: false,
          code: 'CONFLICT',
          reason: `Saga ${entityId} was asked for another ${message.type} under this idempotency key before; choose a new key for a new request, or send the same again`,
        })
    })
    return others
  }

  /** A saga has answered. */
  heard(messageId: string, verdict: Answer): void {
    const asked = this.#asked.get(messageId)
    this.#asked.delete(messageId)
    for (const settle of asked ?? []) settle(verdict)
  }

  /** Posts them; halves what is refused until it stands alone. Returns the ids that had been posted before. */
  async #hand(
    envelopes: readonly Envelope[],
    refuse: (envelope: Envelope, error: SagaError) => void,
  ): Promise<string[]> {
    try {
      return await this.#enqueue(envelopes)
    } catch (error) {
      const middle = envelopes.length >> 1
      const code = isSagaError(error) ? error.code : null
      if (middle > 0 && code !== 'UNAVAILABLE' && code !== 'OVERLOADED') {
        const first = await this.#hand(envelopes.slice(0, middle), refuse)
        return [...first, ...(await this.#hand(envelopes.slice(middle), refuse))]
      }
      for (const one of envelopes) refuse(one, isSagaError(error) ? error : cannotSend(one, error))
      return []
    }
  }

  #enqueue(envelopes: readonly Envelope[]): Promise<string[]> {
    if (envelopes.length === 0) return Promise.resolve([])
    if (this.#size + envelopes.length > WAITING_MAX)
      return Promise.reject(
        new SagaError(
          'OVERLOADED',
          `${this.#size} messages wait to be stored already, of at most ${WAITING_MAX}; try again in a second`,
          { retryAfterMs: 1_000 },
        ),
      )
    return new Promise((done, failed) => {
      this.#waiting.push({ envelopes, done, failed })
      this.#size += envelopes.length
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#posting || this.#waiting.length === 0) return
    this.#posting = true
    // A turn of the microtask queue lets what is sent together be posted together.
    void Promise.resolve().then(async () => {
      await this.#postTogether(this.#nextPost())
      this.#posting = false
      this.#flush()
    })
  }

  #nextPost(): Parcel[] {
    let size = 0
    let count = 0
    for (const { envelopes } of this.#waiting) {
      if (count > 0 && size + envelopes.length > POST_MAX) break
      size += envelopes.length
      count++
    }
    this.#size -= size
    return this.#waiting.splice(0, count)
  }

  async #postTogether(parcels: readonly Parcel[]): Promise<void> {
    const envelopes = parcels.flatMap((parcel) => parcel.envelopes)
    try {
      const created = new Set(await this.#options.store.post(envelopes))
      this.#options.onPosted(envelopes.map(({ entityId }) => entityId))
      // Of two under one id in one post the first was stored: the second finds it known.
      for (const { envelopes: mine, done } of parcels)
        done(mine.flatMap(({ id }) => (created.delete(id) ? [] : [id])))
    } catch (error) {
      const [only] = parcels
      const isAll = isSagaError(error) && error.code === 'UNAVAILABLE'
      if (isAll || (parcels.length === 1 && only))
        for (const parcel of parcels) parcel.failed(error)
      else {
        const middle = parcels.length >> 1
        await this.#postTogether(parcels.slice(0, middle))
        await this.#postTogether(parcels.slice(middle))
      }
    }
  }

  /** From now on its verdict is heard; from `arm` on it is waited for so long. */
  #listen({ id, entityId, message }: Envelope) {
    const { clock, verdictMs } = this.#options
    let settle: (answer: Answer) => void = () => {}
    const verdict = new Promise<Answer>((resolve) => {
      settle = resolve
    })
    const asked = this.#asked.get(id) ?? new Set()
    this.#asked.set(id, asked.add(settle))
    let cancel = () => {}
    return {
      verdict,
      arm: () => {
        cancel = clock.after(verdictMs, () =>
          settle({
            accepted: false,
            code: 'UNAVAILABLE',
            reason: `The ${message.type} for saga ${entityId} is stored, but no worker has taken it yet; look at the saga again`,
            details: { messageId: id },
          }),
        )
        this.#lookLater()
      },
      forget: () => {
        cancel()
        asked.delete(settle)
        if (asked.size === 0 && this.#asked.get(id) === asked) this.#asked.delete(id)
      },
    }
  }

  #lookLater(): void {
    if (this.#looking || this.#asked.size === 0) return
    this.#looking = true
    this.#options.clock.after(LOOK_MS, async () => {
      await this.#look([...this.#asked.keys()])
      this.#looking = false
      this.#lookLater()
    })
  }

  /** Whether they are answered; while the store does not say, it is asked again. */
  async #look(ids: readonly string[]): Promise<void> {
    for (let at = 0; at < ids.length; at += POST_MAX) {
      const found = await this.#options.store
        .verdicts(ids.slice(at, at + POST_MAX))
        .catch(() => new Map<string, Verdict>())
      for (const [id, verdict] of found) this.heard(id, verdict)
    }
  }
}

function cannotSend({ entityId, message }: Envelope, error: unknown): SagaError {
  const why = error instanceof Error ? error.message : String(error)
  return new SagaError(
    'INVALID_INPUT',
    `The ${message.type} for saga ${entityId} cannot be stored (${why}); look at what it carries`,
    { sagaId: entityId },
    error,
  )
}

/** Who asks may differ: somebody else of the same service may send it again. */
function isSameRequest(first: Message, again: Message): boolean {
  return canonicalJson({ ...first, by: null }) === canonicalJson({ ...again, by: null })
}
