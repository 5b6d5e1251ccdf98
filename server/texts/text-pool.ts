/**
 * Two threads for work on people's texts: parsing, verifying, compiling a definition, validating an input. However such
 * a text is made, it holds a thread here and never the one that runs sagas and answers requests.
 *
 * 1. A job has JOB_MS from when a thread takes it; then the thread is ended and replaced, and the job fails with
 *    `TextJobStopped`. So does one that needs too much memory.
 * 2. Long texts have a thread of their own, so that a person with an ordinary one never waits for them.
 * 3. Jobs wait in queues of QUEUE_MAX, WAIT_MAX_MS at most; what comes on top is refused with OVERLOADED.
 * 4. Threads start with the first job or with `warmUp`, and end with `close`.
 */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { ERROR_CODES, type ErrorCode, SagaError } from '@/runtime/errors'
import type { Logger } from '@/runtime/ports'
import type { TextAnswers, TextJob } from './text-jobs'

/** As long as anybody waits for a finding. */
export const JOB_MS = 2_000
/** Loading its modules takes a thread about a second, on a busy machine several. */
const START_MS = 30_000
/** Jobs that wait for one thread, and how long they do: by then whoever asked has gone. */
const QUEUE_MAX = 100
const WAIT_MAX_MS = 30_000
/** Characters of a job that any thread may take: checked in a fraction of a second, whatever they are. */
const SHORT_MAX = 32_000
/** Of one thread; the largest saga needs about 200 MB. */
const MEMORY_MB = 512

export type StopReason = 'time' | 'memory'

/** The job was given up: what it was asked to read takes too long, or too much memory. */
export class TextJobStopped extends Error {
  override readonly name = 'TextJobStopped'
  readonly reason: StopReason

  constructor(reason: StopReason) {
    super(
      reason === 'time'
        ? `Checking took longer than ${JOB_MS} ms and was stopped`
        : 'Checking needed too much memory and was stopped',
    )
    this.reason = reason
  }
}

interface Waiting {
  job: TextJob
  since: number
  resolve(answer: never): void
  reject(error: Error): void
}

export class TextPool {
  readonly #short: Lane
  readonly #long: Lane

  constructor(log: Logger) {
    this.#short = new Lane(log)
    this.#long = new Lane(log)
  }

  /** Throws TextJobStopped, OVERLOADED when too many jobs wait, UNAVAILABLE when there is no thread. */
  run<J extends TextJob>(job: J): Promise<TextAnswers[J['kind']]> {
    return new Promise((resolve, reject) => {
      const isLong = sizeOf(job) > SHORT_MAX || this.#long.jobs < this.#short.jobs
      const waiting = {
        job,
        since: performance.now(),
        resolve: resolve as Waiting['resolve'],
        reject,
      }
      ;(isLong ? this.#long : this.#short).add(waiting)
    })
  }

  /** Starts the threads, so that the first job need not wait for them. */
  warmUp(): void {
    this.#short.start()
    this.#long.start()
  }

  /** Ends the threads; jobs that wait are refused. */
  async close(): Promise<void> {
    await Promise.all([this.#short.close(), this.#long.close()])
  }
}

function sizeOf(job: TextJob): number {
  switch (job.kind) {
    case 'check':
      return job.source.length
    case 'examine':
      return job.document.length
    case 'input':
      return job.schema.length + job.input.length
  }
}

/** One thread and the jobs that wait for it. */
class Lane {
  readonly #log: Logger
  readonly #queue: Waiting[] = []
  #thread: Worker | null = null
  #isReady = false
  #current: Waiting | null = null
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(log: Logger) {
    this.#log = log
  }

  /** How many are under way or wait. */
  get jobs(): number {
    return this.#queue.length + (this.#current ? 1 : 0)
  }

  add(waiting: Waiting): void {
    if (this.#closed) return waiting.reject(noThread('The server is stopping'))
    if (this.#queue.length >= QUEUE_MAX) return waiting.reject(tooMany())
    this.#queue.push(waiting)
    this.start()
    this.#next()
  }

  start(): void {
    if (this.#thread || this.#closed) return
    // the bundler would take the file of a Worker it sees for one of its own
    const { Worker } = process.getBuiltinModule('node:worker_threads')
    const thread = new Worker(workerFile(), {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    })
    this.#thread = thread
    this.#isReady = false
    this.#timer = setTimeout(() => this.#fail(thread, noThread('It did not start')), START_MS)
    this.#timer.unref()
    // never what keeps a process alive
    thread.unref()
    thread.on('message', (message: ThreadMessage) => this.#heard(thread, message))
    thread.on('error', (error) => {
      const isMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      this.#fail(thread, isMemory ? new TextJobStopped('memory') : error)
    })
    thread.on('exit', () => this.#fail(thread, noThread('It ended')))
  }

  async close(): Promise<void> {
    this.#closed = true
    const thread = this.#thread
    if (thread) this.#fail(thread, noThread('The server is stopping'))
    for (const waiting of this.#queue.splice(0)) waiting.reject(noThread('The server is stopping'))
    await thread?.terminate()
  }

  #next(): void {
    if (!this.#thread || !this.#isReady || this.#current) return
    const thread = this.#thread
    let next = this.#queue.shift()
    for (; next && performance.now() - next.since > WAIT_MAX_MS; next = this.#queue.shift())
      next.reject(tooMany())
    if (!next) return
    this.#current = next
    this.#timer = setTimeout(() => this.#fail(thread, new TextJobStopped('time')), JOB_MS)
    thread.postMessage({ job: next.job })
  }

  #heard(thread: Worker, message: ThreadMessage): void {
    if (thread !== this.#thread) return
    clearTimeout(this.#timer)
    const done = this.#current
    this.#current = null
    this.#isReady = true
    if ('answer' in message) done?.resolve(message.answer)
    if ('error' in message) done?.reject(errorOf(message.error))
    this.#next()
  }

  /** Ends the thread; the job it had fails, those that wait get another. */
  #fail(thread: Worker, error: Error): void {
    if (thread !== this.#thread) return
    clearTimeout(this.#timer)
    const failed = this.#current
    const neverStarted = !this.#isReady
    this.#thread = null
    this.#isReady = false
    this.#current = null
    void thread.terminate()
    if (!this.#closed) this.#log.warn('A thread for texts was ended', { error: error.message })
    failed?.reject(error)
    // Starting it again at once would fail again, for ever.
    if (neverStarted)
      for (const waiting of this.#queue.splice(0)) waiting.reject(noThread(error.message))
    if (this.#queue.length > 0) this.start()
  }
}

type ThreadMessage = { ready: true } | { answer: never } | { error: ThreadError }

interface ThreadError {
  name: string
  message: string
  code?: string
  details?: Record<string, unknown>
  stack?: string
}

/** An error as it was thrown on the thread. */
function errorOf({ name, message, code, details, stack }: ThreadError): Error {
  if (name === 'SagaError' && (ERROR_CODES as readonly string[]).includes(code ?? ''))
    return new SagaError(code as ErrorCode, message, details)
  return Object.assign(new Error(message), { name, ...(stack === undefined ? {} : { stack }) })
}

const tooMany = () =>
  new SagaError('OVERLOADED', 'Too many texts wait to be checked. Try again in a few seconds.', {
    retryAfterMs: 2_000,
  })

const noThread = (why: string) =>
  new SagaError('UNAVAILABLE', `There is no thread to check texts on: ${why}. Try again.`, {
    retryAfterMs: 2_000,
  })

/**
 * The thread's file among the sources. A bundle's own place is somewhere else; it runs in the folder of the sources, as
 * `npm start` and `npm run dev` see to.
 */
function workerFile(): string {
  const name = 'text.worker.mjs'
  const beside = path.join(path.dirname(fileURLToPath(import.meta.url)), name)
  return existsSync(beside) ? beside : path.join(process.cwd(), 'server/texts', name)
}
