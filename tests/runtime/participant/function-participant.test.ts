import { describe, expect, it } from 'vitest'
import {
  createFunctionParticipant,
  type FunctionContext,
} from '../../../runtime/participant/function-participant'
import { RetryableError, TerminalError } from '../../../runtime/participant/participant-errors'
import { systemClock } from '../../../runtime/system'
import { conformsAsParticipant } from './conformance'
import { callOf, never } from './support'

describe('a function participant', () => {
  conformsAsParticipant(async () => {
    let began = () => {}
    const hanging = new Promise<void>((resolve) => {
      began = resolve
    })
    const participant = createFunctionParticipant({
      name: 'test',
      clock: systemClock,
      operations: {
        work: (input) => input,
        nothing: () => {},
        refuse: () => {
          throw new TerminalError('NO_FUNDS', 'NO_FUNDS it is')
        },
        busy: async () => {
          throw new RetryableError('BUSY', 'BUSY it is')
        },
        later: () => {
          throw new RetryableError('BUSY', 'wait', 3_000)
        },
        crash: () => {
          throw new TypeError('x is not a function')
        },
        huge: () => 'x'.repeat(1_000_001),
        nul: () => '\0',
        hang: () => {
          began()
          return new Promise(() => {})
        },
      },
    })
    return { participant, hanging }
  })

  it('tells the operation who calls, which attempt, and what is undone', async () => {
    const seen: FunctionContext[] = []
    const participant = createFunctionParticipant({
      name: 'test',
      clock: systemClock,
      operations: { work: (_, context) => void seen.push(context) },
    })
    const call = callOf({ kind: 'compensation', attempt: 3, undoes: 'forward' })
    await participant.call(call, never)
    expect(seen[0]).toMatchObject({
      key: call.key,
      sagaId: call.sagaId,
      step: 'step',
      kind: 'compensation',
      attempt: 3,
      undoes: 'forward',
      deadline: call.deadline,
    })
    expect(seen[0]?.signal.aborted).toBe(false)
  })

  it("aborts the operation's signal at the deadline", async () => {
    let signal: AbortSignal | undefined
    const participant = createFunctionParticipant({
      name: 'test',
      clock: systemClock,
      operations: {
        hang: (_, context) => {
          signal = context.signal
          return new Promise(() => {})
        },
      },
    })
    await participant.call(callOf({ operation: 'hang', deadline: Date.now() + 20 }), never)
    expect(signal?.aborted).toBe(true)
  })

  it('knows the errors of another copy of their file by name', async () => {
    class Theirs extends Error {
      override name = 'TerminalError'
      code = 'NO_FUNDS'
    }
    const participant = createFunctionParticipant({
      name: 'test',
      clock: systemClock,
      operations: {
        work: () => {
          throw new Theirs('none left')
        },
      },
    })
    expect(await participant.call(callOf(), never)).toEqual({
      ok: false,
      kind: 'terminal',
      code: 'NO_FUNDS',
      message: 'none left',
    })
  })

  it('keeps its own copy of the input', async () => {
    const input = { list: [1] }
    const participant = createFunctionParticipant({
      name: 'test',
      clock: systemClock,
      operations: {
        work: (given) => Array.isArray(given) || Object.assign(given ?? {}, { list: [] }),
      },
    })
    await participant.call(callOf({ input }), never)
    expect(input).toEqual({ list: [1] })
  })

  it('makes any thrown message fit for the journal', async () => {
    const participant = createFunctionParticipant({
      name: 'test',
      clock: systemClock,
      operations: {
        work: () => {
          throw new Error(`a\0b${'x'.repeat(996)}😀`)
        },
      },
    })
    const outcome = await participant.call(callOf(), never)
    expect(outcome).toMatchObject({ kind: 'unknown', code: 'OPERATION_FAILED' })
    const message = 'message' in outcome ? outcome.message : ''
    expect(message).not.toContain('\0')
    expect(message.length).toBeLessThanOrEqual(1000)
    expect(Buffer.from(message).toString()).toBe(message)
  })
})
