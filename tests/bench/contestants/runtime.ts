/** Our runtime as the server opens it: on PostgreSQL, with a pool of 4 and one of 1 for leases, and its default options. */
import {
  createCallbackTokens,
  createParticipantRegistry,
  createPostgresDefinitionStore,
  createPostgresStore,
  createPrisma,
  createRuntime,
  createSecretKey,
  parseSecretKeys,
  type Runtime,
  type SagaDocument,
  systemClock,
  systemIds,
} from '@/runtime'

/** What a step of participant `bench` does. */
export type Operation = (sagaId: string, input: unknown) => unknown

/** Started, with the documents published. */
export async function openRuntime(
  databaseUrl: string,
  operations: Record<string, Operation>,
  documents: readonly SagaDocument[],
): Promise<Runtime> {
  const prisma = createPrisma(databaseUrl, { poolMax: 4 })
  const leases = createPrisma(databaseUrl, { poolMax: 1 })
  const say = (message: string, fields?: Record<string, unknown>) => console.error(message, fields)
  const runtime = createRuntime({
    store: createPostgresStore(prisma, { leases }),
    definitions: createPostgresDefinitionStore(prisma),
    participants: createParticipantRegistry({
      functions: {
        bench: Object.fromEntries(
          Object.entries(operations).map(([name, run]) => [
            name,
            (input, { sagaId }) => run(sagaId, input),
          ]),
        ),
      },
      clock: systemClock,
    }),
    callbackTokens: createCallbackTokens(parseSecretKeys(createSecretKey(), 'bench')),
    clock: systemClock,
    ids: systemIds,
    logger: { info: () => {}, warn: say, error: say },
  })
  await runtime.start()
  for (const document of documents)
    await runtime.publish({
      document,
      source: '',
      by: { kind: 'system', id: 'bench', name: 'bench' },
    })
  return runtime
}
