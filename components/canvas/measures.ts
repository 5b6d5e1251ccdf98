/** Sizes of everything drawn, in canvas pixels. Known before rendering, so that layout needs no measuring. */
import type { Step } from '@/runtime/definition/schema'
import { portsOf } from './step-index'

export const GRID = 8
export const STEP = { width: 232, height: 64 } as const
/** Wait and end are small: they do nothing that could fail. */
export const CHIP = { width: 184, height: 48 } as const
/** Labelled ways out get a row of their own under the step. */
export const PORT_ROW = { height: 28, portWidth: 112 } as const
/** The way back: a chip to the right of the step it undoes. */
export const UNDO = { width: 160, height: 36, gap: 24, top: 14 } as const
export const DOT = 16
/** Around the steps of a lane, inside its border. */
export const LANE = { top: 40, side: 24, bottom: 24, gap: 16 } as const
/** Around the lanes of a parallel or map. */
export const GROUP = { top: 56, side: 16, bottom: 16 } as const

export interface Size {
  width: number
  height: number
}

/** The drawn size of a step that holds no region. */
export function sizeOf(step: Step): Size {
  if (step.type === 'end' || step.type === 'wait') return CHIP
  const ports = portsOf(step).length
  if (ports < 2) return STEP
  return {
    width: Math.max(STEP.width, ports * PORT_ROW.portWidth + 16),
    height: STEP.height + PORT_ROW.height,
  }
}

/** Where a port's arrow leaves, from the step's left edge. */
export function portX(width: number, ports: number, n: number): number {
  return ports < 2 ? width / 2 : Math.round(((n + 0.5) * width) / ports)
}
