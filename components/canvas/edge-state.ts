/** How a run shows on an arrow. An arrow tells only what happened: where it begins must have run and gone that way. */
import type { OverlayTone, StepOverlay } from './overlay-store'

/**
 * Of the way out at `port`: `taken`, `running` while where it leads runs, else `idle`. A region's start (`port` is
 * `start`) has no state of its own; it was left as soon as the first step was reached.
 */
export function wayStateOf(
  port: string,
  from: StepOverlay | undefined,
  to: StepOverlay | undefined,
): OverlayTone | 'idle' | 'taken' {
  const left = port === 'start' ? to !== undefined : from?.taken === port
  if (!left) return 'idle'
  return to?.state === 'running' ? 'running' : 'taken'
}

/** Of the way back from one compensation to the next: that one's state, when both of them have begun. */
export function undoStateOf(
  from: StepOverlay['compensation'],
  to: StepOverlay['compensation'],
): OverlayTone | undefined {
  return from && to ? to.state : undefined
}
