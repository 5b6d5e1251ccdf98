/**
 * Who works under a lease, as the lease keeper sees it: the engine. One tenant per time that the lease was held without a
 * break; after a break a new one starts from the store.
 */
import type { Lease } from '../journal/store'

export interface Tenant {
  readonly backlogMs: number
  recover(lease: Lease, shards?: readonly number[]): Promise<void>
  relet(change: () => Promise<Lease>): Promise<Lease>
  drain(shards: readonly number[], graceMs: number): Promise<boolean>
  reopen(shards: readonly number[]): Promise<void>
  stop(): Promise<void>
  abandon(): void
}
