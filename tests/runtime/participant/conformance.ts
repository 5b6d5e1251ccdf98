/**
 * What every participant adapter promises, whatever it speaks. The adapter under test is given a service that has
 * these operations, and is asked for each in turn:
 *
 * - `work` echoes its input · `refuse` is terminal with code NO_FUNDS · `busy` is retryable with code BUSY
 * - `crash` fails in a way that may have left an effect · `hang` never ends
 * - `nothing` gives no output · `huge` gives more than 1 MB · `nul` gives text that PostgreSQL cannot store
 */
import { expect, it } from 'vitest'
import type { Participant } from '../../../runtime/participant/participant'
import { callOf, never } from './support'

export function conformsAsParticipant(
  open: () => Promise<{ participant: Participant; hanging: Promise<void> }>,
): void {
  it('gives back what the operation made of the input', async () => {
    const { participant } = await open()
    const input = { amount: 12.5, list: [1, null, 'ü'], nested: { yes: true } }
    expect(await participant.call(callOf({ input }), never)).toEqual({ ok: true, output: input })
  })

  it('takes no output as null', async () => {
    const { participant } = await open()
    const outcome = await participant.call(callOf({ operation: 'nothing' }), never)
    expect(outcome).toEqual({ ok: true, output: null })
  })

  it.each([
    ['refuse', 'terminal', 'NO_FUNDS'],
    ['busy', 'retryable', 'BUSY'],
  ])('passes on what %s says of itself', async (operation, kind, code) => {
    const { participant } = await open()
    expect(await participant.call(callOf({ operation }), never)).toEqual({
      ok: false,
      kind,
      code,
      message: `${code} it is`,
    })
  })

  it('passes on when a retry may come', async () => {
    const { participant } = await open()
    expect(await participant.call(callOf({ operation: 'later' }), never)).toMatchObject({
      kind: 'retryable',
      retryAfterMs: 3_000,
    })
  })

  it.each(['crash', 'huge', 'nul'])('leaves the outcome of %s unknown', async (operation) => {
    const { participant } = await open()
    const outcome = await participant.call(callOf({ operation }), never)
    expect(outcome).toMatchObject({ ok: false, kind: 'unknown' })
  })

  it('refuses an operation that is not there, for good', async () => {
    const { participant } = await open()
    for (const operation of ['absent', 'toString', '__proto__'])
      expect(await participant.call(callOf({ operation }), never)).toMatchObject({
        ok: false,
        kind: 'terminal',
      })
  })

  it('ends at the deadline, with the outcome unknown', async () => {
    const { participant } = await open()
    const deadline = Date.now() + 60
    const outcome = await participant.call(callOf({ operation: 'hang', deadline }), never)
    expect(outcome).toMatchObject({ ok: false, kind: 'unknown', code: 'TIMEOUT' })
    expect(Date.now()).toBeGreaterThanOrEqual(deadline - 1)
  })

  it('ends when it is aborted, with the outcome unknown', async () => {
    const { participant, hanging } = await open()
    const abort = new AbortController()
    const outcome = participant.call(callOf({ operation: 'hang' }), abort.signal)
    await hanging
    abort.abort()
    expect(await outcome).toMatchObject({ ok: false, kind: 'unknown', code: 'ABORTED' })
  })

  it('does nothing when it was aborted before it began', async () => {
    const { participant } = await open()
    const outcome = await participant.call(callOf(), AbortSignal.abort())
    expect(outcome).toMatchObject({ ok: false, kind: 'retryable', code: 'ABORTED' })
  })

  it('does not call once the deadline has passed, and says that it does not know', async () => {
    const { participant } = await open()
    const outcome = await participant.call(callOf({ deadline: Date.now() - 1 }), never)
    expect(outcome).toMatchObject({ ok: false, kind: 'unknown', code: 'TIMEOUT' })
  })
}
