import * as sagawright from '@/runtime'

const { systemClock: clock, systemIds: ids, consoleLogger: logger } = sagawright
const bank = () => {
  throw new sagawright.TerminalError('INSUFFICIENT_FUNDS', 'The account is empty')
}
const functions = {
  hotel: { book: () => ({ room: 'R-17' }), cancel: () => ({ cancelled: true }) },
  bank: { charge: bank },
}
const keys = sagawright.parseSecretKeys(sagawright.createSecretKey(), 'a new key')
const runtime = sagawright.createRuntime({
  store: sagawright.createMemoryStore(clock),
  definitions: sagawright.createMemoryDefinitionStore(),
  participants: sagawright.createParticipantRegistry({ functions, clock }),
  callbackTokens: sagawright.createCallbackTokens(keys),
  clock,
  ids,
  logger,
})

/** Publishes the text of a saga and runs it; resolves to the fact that ended it. */
export async function runOnce(source: string, input: unknown) {
  const { document, issues } = sagawright.parseDefinition(source)
  if (!document) throw new Error(issues.map((issue) => issue.message).join('\n'))
  await runtime.start()
  const by = { kind: 'system', id: 'example', name: 'Example' } as const
  await runtime.publish({ document, source, by })
  const { sagaId } = await runtime.startSaga({ definition: document.name, input, by })
  const ended = await runtime.waitForEnd(sagaId)
  await runtime.stop()
  return ended
}
