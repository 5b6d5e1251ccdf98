/**
 * Telling another worker that there is something for it, so that it need not find out by polling.
 *
 * 1. A wake-up carries nothing: whoever hears one looks into the store, in the store's order. So it never lets new work
 *    pass old, and one that is lost, doubled or forged costs a look or the time until the next one.
 * 2. Sending never waits and never fails.
 */

/** `mail`: messages were posted to your shards. `lease`: shards may be free. */
export type WakeUp = 'mail' | 'lease'

export interface WakeUps {
  /** What others send to; goes into this worker's row. */
  readonly address: string
  send(address: string, what: WakeUp): void
  close(): void
}

/** Opens one that calls back for each wake-up heard. */
export type OpenWakeUps = (heard: (what: WakeUp) => void) => Promise<WakeUps>
