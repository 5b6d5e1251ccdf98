'use client'

/** Connecting without a pointer: `C` on a step or a start, arrow keys choose the target, `C` again the way out, Enter connects. */
import { useRef } from 'react'
import {
  type CanvasCommand,
  connectCommand,
  connectRefusal,
  type Gesture,
  nameOf,
} from './canvas-commands'
import { regionOfStart } from './focus-order'
import type { FocusStore } from './focus-store'
import type { Camera } from './use-camera'
import type { Drawing } from './use-drawing'

/** What a choice in progress looks like, for the sentence and the arrow that show it. */
export interface ConnectHint {
  from: string
  port: string
  to: string
  text: string
}

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
  hint,
}: {
  drawing: Drawing
  mode: 'edit' | 'view'
  focus: FocusStore
  camera: Camera
  command: (asked: CanvasCommand | Gesture) => void
  say: (text: string) => void
  /** Null when nothing is being connected. */
  hint: (shown: ConnectHint | null) => void
}) {
  const state = useRef<Connecting | null>(null)
  const { index } = drawing.flow

  const sourceOf = (id: string) => {
    const region = regionOfStart(index, id)
    if (region) {
      const ports = [{ id: 'next', label: '', target: region.start }]
      return { from: null, name: 'the start', region: region.path, ports }
    }
    const found = index.steps.get(id)
    return found && { from: id, name: nameOf(index, id), region: found.region, ports: found.ports }
  }
  const targets = (id: string): string[] => {
    const source = sourceOf(id)
    if (!source) return []
    const { from, region } = source
    const steps = index.regions.get(region.join('/'))?.steps ?? []
    return steps.filter((to) => connectRefusal(index, { from, to, region }) === null)
  }
  const show = (at: Connecting) => {
    const target = targets(at.from)[at.target]
    const source = sourceOf(at.from)
    const port = source?.ports[at.port]
    if (target === undefined || !source || !port) return
    focus.search(new Set([at.from, target]))
    camera.reveal(target)
    const way = port.label === '' ? '' : ` (${port.label})`
    const more = source.ports.length > 1 ? ' C takes another way out.' : ''
    const text = `Connect ${source.name}${way} to ${nameOf(index, target)}: Enter. Arrow keys choose.${more} Escape cancels.`
    hint({ from: at.from, port: port.id, to: target, text })
    say(text)
  }
  const stop = () => {
    const from = state.current?.from ?? null
    state.current = null
    focus.search(null)
    hint(null)
    if (from !== null) focus.move(from)
  }

  return {
    start: (from: string | null) => {
      const found = from === null ? undefined : sourceOf(from)
      if (mode === 'view' || from === null || !found) return say('Select a step first')
      if (found.ports.length === 0) return say('Nothing follows an end')
      if (targets(from).length === 0) return say('There is no step this one could lead to')
      const loose = found.ports.findIndex(({ target }) => target === null)
      state.current = { from, port: Math.max(0, loose), target: 0 }
      show(state.current)
    },
    /** True when the key was for choosing. */
    onKey: (key: string): boolean => {
      const at = state.current
      if (!at) return false
      const choices = targets(at.from)
      const source = sourceOf(at.from)
      const ports = source?.ports ?? []
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
          if (to && port && source) {
            const { from, region } = source
            command(connectCommand(index, { from, port, to, region }))
          }
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
