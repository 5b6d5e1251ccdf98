/**
 * The whole API: one router per noun. `AppRouter` is all that clients and components import, as a type.
 */
import { apiKeysRouter } from './routers/api-keys'
import { approvalsRouter } from './routers/approvals'
import { definitionsRouter } from './routers/definitions'
import { participantsRouter } from './routers/participants'
import { sagasRouter } from './routers/sagas'
import { systemRouter } from './routers/system'
import { usersRouter } from './routers/users'
import { venturesRouter } from './routers/ventures'
import { createCallerFactory, router } from './trpc'

export const appRouter = router({
  definitions: definitionsRouter,
  sagas: sagasRouter,
  approvals: approvalsRouter,
  participants: participantsRouter,
  users: usersRouter,
  apiKeys: apiKeysRouter,
  ventures: venturesRouter,
  system: systemRouter,
})

export type AppRouter = typeof appRouter

/** Calls procedures in this process, without HTTP: server components and tests. */
export const createCaller = createCallerFactory(appRouter)
