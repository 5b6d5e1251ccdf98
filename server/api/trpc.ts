/**
 * The procedure builder. Every procedure is made by `procedure(permission)` and so declares who may call it;
 * `publicProcedure` is for `users.me` alone and `healthProcedure` for `system.health`, which answers even when nobody can be
 * told who calls. A test enumerates the router and holds this.
 */
import { initTRPC, TRPCError } from '@trpc/server'
import { DEPTH_MAX, flawOf, refusal } from '@/runtime/storable'
import type { Permission } from '../auth/permissions'
import type { Context } from './context'
import { errorData, errorMessage, toTRPCError } from './errors'
import { wireFormat } from './wire-format'

export interface Meta {
  /** Who may call: the holders of this permission, or anybody. */
  permission: Permission | 'public'
}

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    transformer: wireFormat,
    errorFormatter({ shape, error, ctx }) {
      const requestId = ctx?.requestId ?? null
      return {
        ...shape,
        message: errorMessage(error, requestId),
        // a stack belongs in the log
        data: { ...shape.data, stack: undefined, ...errorData(error, requestId) },
      }
    },
    sse: {
      // proxies close quiet connections after 30 s and more; a client that hears nothing for 15 s reconnects and resumes
      ping: { enabled: true, intervalMs: 5_000 },
      client: { reconnectAfterInactivityMs: 15_000 },
    },
  })

/** A start's input lies at most three levels inside its call. Dates are for list filters; the runtime refuses them. */
const CALL_BOUNDS = { depthMax: DEPTH_MAX + 3, dates: true }

export const router = t.router
export const createCallerFactory = t.createCallerFactory

/** Runtime errors leave as their tRPC code, with the SagaError as cause. */
const translated = t.procedure.use(async ({ next }) => {
  const result = await next()
  if (!result.ok) throw toTRPCError(result.error)
  return result
})

const known = translated.use(({ ctx, next }) => {
  if (ctx.unavailable) throw ctx.unavailable
  return next()
})

export const healthProcedure = translated.meta({ permission: 'public' })

export const publicProcedure = known.meta({ permission: 'public' })

/**
 * A procedure for holders of `permission`: UNAUTHORIZED without a caller, FORBIDDEN without the permission. All that it is
 * given is checked before its schema sees it: no text or number of any field can be one that a database refuses or changes.
 */
export function procedure(permission: Permission) {
  return known.meta({ permission }).use(async ({ ctx, type, getRawInput, next }) => {
    const { principal } = ctx
    if (!principal) throw signedOut(ctx)
    if (type === 'mutation' && ctx.crossSite)
      throw new TRPCError({ code: 'FORBIDDEN', message: ctx.crossSite })
    if (!principal.permissions.includes(permission)) {
      const holder = principal.kind === 'key' ? 'This key' : 'Your role'
      throw new TRPCError({
        code: 'FORBIDDEN',
        message: `${holder} lacks the permission ${permission}. Ask an admin for it.`,
      })
    }
    const raw = await getRawInput()
    const flaw = raw === undefined ? undefined : flawOf(raw, CALL_BOUNDS)
    if (flaw) throw refusal(flaw)
    return next({ ctx: { ...ctx, principal } })
  })
}

/** Call it from an open stream: throws as `procedure` would when the caller may no longer listen. */
export async function stillAllowed(ctx: Context, permission: Permission): Promise<void> {
  const principal = await ctx.reauthenticate().catch((error: unknown) => {
    throw toTRPCError(error)
  })
  if (!principal?.permissions.includes(permission)) throw signedOut({ ...ctx, refusal: null })
}

function signedOut(ctx: Context): TRPCError {
  return new TRPCError({
    code: 'UNAUTHORIZED',
    message: ctx.refusal ?? 'Sign in, or send an API key as “Authorization: Bearer sgw_…”.',
  })
}
