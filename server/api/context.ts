/**
 * What a procedure is given: the process's host and whoever calls.
 */
import type { Principal } from '../auth/principal'
import type { Host } from '../host'

export interface Context {
  host: Host
  /** Null when signed out, or when the key or session was refused; `refusal` then says why. */
  principal: Principal | null
  refusal: string | null
  /** Names this request in the log and in errors. */
  requestId: string
}

/** The context of a procedure that only signed-in callers reach. */
export type CallerContext = Context & { principal: Principal }
