/**
 * What the person at the terminal sees while the launcher works: one line per step with its time, and for a failure
 * what failed, why, and what to do next.
 */

const tty = process.stdout.isTTY === true
const paint = (code) => (text) =>
  tty && !process.env.NO_COLOR ? `\x1b[${code}m${text}\x1b[0m` : text
export const bold = paint('1')
export const dim = paint('2')
const green = paint('32')
const red = paint('31')

/** A failure that is explained: `next` is the thing to try. */
export class LaunchError extends Error {
  name = 'LaunchError'

  /**
   * @param {string} message
   * @param {{ next?: string, details?: string, cause?: unknown }} [more]
   */
  constructor(message, { next, details, cause } = {}) {
    super(message, { cause })
    this.next = next
    this.details = details
  }
}

/**
 * Runs one step and shows it. `run` gets a function that says what it is doing now, and returns what to say at the end.
 * @template T
 * @param {string} title
 * @param {(say: (what: string) => void) => Promise<{ say?: string, value?: T }>} run
 * @returns {Promise<T>}
 */
export async function step(title, run) {
  const started = performance.now()
  let what = ''
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`
  const draw = () =>
    tty && process.stdout.write(`\r\x1b[2K  ${dim('·')} ${label(title)} ${what} ${dim(seconds())}`)
  const say = (now) => {
    what = now
    if (tty) draw()
    else console.log(`  · ${label(title)} ${now}`)
  }
  const timer = setInterval(draw, 100)
  try {
    draw()
    const { say: result = '', value } = await run(say)
    console.log(
      `${tty ? '\r\x1b[2K' : ''}  ${green('✓')} ${label(title)} ${result} ${dim(seconds())}`,
    )
    return value
  } catch (error) {
    console.log(`${tty ? '\r\x1b[2K' : ''}  ${red('✗')} ${label(title)} ${what} ${dim(seconds())}`)
    throw error
  } finally {
    clearInterval(timer)
  }
}

/**
 * Prints a failure: what, why, and the next thing to try.
 * @param {unknown} error
 * @param {string} headline
 */
export function report(error, headline) {
  console.error(`\n${red(headline)} ${error?.message ?? error}`)
  if (error instanceof LaunchError) {
    if (error.details) console.error(`\n${dim(error.details.trimEnd())}`)
    if (error.next) console.error(`\n${bold('What to do:')} ${error.next}`)
  } else console.error(error)
  console.error()
}

const label = (title) => bold(title.padEnd(14))
