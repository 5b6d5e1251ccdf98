'use client'

/** Connecting without a pointer: `C` on a step, arrow keys choose the target, `C` again the way out, Enter connects. */
import { useRef } from 'react'
import {
  type CanvasCommand,
  connectCommand,
  connectRefusal,
  type Gesture,
  nameOf,
} from './canvas-commands'
import type { FocusStore } from './focus-store'
import type { Camera } from './use-camera'
import type { Drawing } from './use-drawing'

interface Connecting {
  from: string
  port: number
  target: number
}

export function useKeyboardConnect({
  drawing,
  mode,
  focus,
  camera,
  command,
  say,
}: {
  drawing: Drawing
  mode: 'edit' | 'view'
  focus: FocusStore
  camera: Camera
  command: (asked: CanvasCommand | Gesture) => void
  say: (text: string) => void
}) {
  const state = useRef<Connecting | null>(null)
  const { index } = drawing.flow

  const targets = (from: string): string[] => {
    const found = index.steps.get(from)
    if (!found) return []
    const { region } = found
    const steps = index.regions.get(found.regionKey)?.steps ?? []
    return steps.filter((to) => connectRefusal(index, { from, to, region }) === null)
  }
  const show = (at: Connecting) => {
    const target = targets(at.from)[at.target]
    const ports = index.steps.get(at.from)?.ports ?? []
    const port = ports[at.port]
    if (target === undefined || !port) return
    focus.search(new Set([at.from, target]))
    camera.reveal(target)
    const way = port.label === '' ? '' : ` (${port.label})`
    say(
      `Connect ${nameOf(index, at.from)}${way} to ${nameOf(index, target)}: Enter. Arrow keys choose, Escape cancels.`,
    )
  }
  const stop = () => {
    const from = state.current?.from ?? null
    state.current = null
    focus.search(null)
    if (from !== null) focus.move(from)
  }

  return {
    start: (from: string | null) => {
      const found = from === null ? undefined : index.steps.get(from)
      if (mode === 'view' || !found) return say('Select a step first')
      if (found.ports.length === 0) return say('Nothing follows an end')
      if (targets(found.id).length === 0) return say('There is no step this one could lead to')
      const loose = found.ports.findIndex(({ target }) => target === null)
      state.current = { from: found.id, port: Math.max(0, loose), target: 0 }
      show(state.current)
    },
    /** True when the key was for choosing. */
    onKey: (key: string): boolean => {
      const at = state.current
      if (!at) return false
      const choices = targets(at.from)
      const ports = index.steps.get(at.from)?.ports ?? []
      switch (key) {
        case 'arrowdown':
        case 'arrowright':
          at.target = (at.target + 1) % choices.length
          break
        case 'arrowup':
        case 'arrowleft':
          at.target = (at.target + choices.length - 1) % choices.length
          break
        case 'c':
          at.port = (at.port + 1) % ports.length
          break
        case 'enter': {
          const to = choices[at.target]
          const port = ports[at.port]?.id
          stop()
          const region = index.steps.get(at.from)?.region
          if (to && port && region)
            command(connectCommand(index, { from: at.from, port, to, region }))
          return true
        }
        case 'escape':
          stop()
          say('Not connected')
          return true
        default:
          return false
      }
      show(at)
      return true
    },
  }
}
