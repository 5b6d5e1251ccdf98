/**
 * What a run looks like on the drawing, kept apart from nodes and edges: a live event touches the one node it is about
 * and never the node array.
 *
 * 1. `replace` tells only the listeners of steps whose look changed.
 * 2. Framework-free; components read it with `useOverlay` (canvas-context.tsx).
 */

/** A suffix of the `--color-state-…` tokens. */
export type OverlayTone =
  | 'running'
  | 'completed'
  | 'failed'
  | 'compensating'
  | 'compensated'
  | 'approval'
  | 'paused'
  | 'timed-out'
  | 'cancelled'
  /** Nobody knows whether it happened. */
  | 'unknown'

export interface StepOverlay {
  state: OverlayTone
  /** The word beside the colour. Default: the state in words. */
  label?: string
  attempt?: number
  /** The way out that was taken, once known: `next`, `branch:1`, `otherwise`, `timeout`. */
  taken?: string
  compensation?: { state: OverlayTone; rank?: number; label?: string }
}

const WORDS: Record<OverlayTone, string> = {
  running: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  compensating: 'Compensating',
  compensated: 'Compensated',
  approval: 'Waiting for approval',
  paused: 'Paused',
  'timed-out': 'Timed out',
  cancelled: 'Stopped',
  unknown: 'May have happened',
}

export const wordOf = (overlay: { state: OverlayTone; label?: string }): string =>
  overlay.label ?? WORDS[overlay.state]

export class OverlayStore {
  #steps: ReadonlyMap<string, StepOverlay> = new Map()
  #listeners = new Map<string, Set<() => void>>()

  get(step: string): StepOverlay | undefined {
    return this.#steps.get(step)
  }

  /** The whole picture at this moment; steps that are not in it have not been reached. */
  replace(steps: ReadonlyMap<string, StepOverlay>): void {
    const before = this.#steps
    const merged = new Map<string, StepOverlay>()
    const changed: string[] = []
    for (const [id, overlay] of steps) {
      const old = before.get(id)
      const same = old !== undefined && JSON.stringify(old) === JSON.stringify(overlay)
      merged.set(id, same ? old : overlay)
      if (!same) changed.push(id)
    }
    for (const id of before.keys()) if (!steps.has(id)) changed.push(id)
    this.#steps = merged
    for (const id of changed) for (const listener of this.#listeners.get(id) ?? []) listener()
  }

  subscribe(step: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(step) ?? new Set()
    this.#listeners.set(step, listeners)
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#listeners.delete(step)
    }
  }
}
