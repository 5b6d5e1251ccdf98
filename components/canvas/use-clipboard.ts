'use client'

/**
 * Steps on the system's clipboard, as text. The browser's own copy, cut and paste events are used, because they need no
 * permission; they are left alone while somebody types or has text selected.
 */
import { type RefObject, useEffect, useRef } from 'react'
import { toast } from 'sonner'
import type { CanvasCommand, Gesture } from './canvas-commands'
import type { FocusStore } from './focus-store'
import { copySteps, pasteCommand, readFragment } from './fragment'
import { GRID } from './measures'
import type { Camera } from './use-camera'
import type { Drawing } from './use-drawing'

interface Given {
  frame: RefObject<HTMLDivElement | null>
  drawing: Drawing
  mode: 'edit' | 'view'
  focus: FocusStore
  camera: Camera
  command: (asked: CanvasCommand | Gesture) => void
  say: (text: string) => void
}

export function useClipboard({
  given,
  chosen,
  remove,
}: {
  given: Given
  chosen: () => readonly string[]
  remove: () => void
}) {
  const copied = (): string | null => {
    const steps = chosen()
    if (steps.length === 0) return null
    const { drawing, say } = given
    say(steps.length === 1 ? 'Copied the step' : `Copied ${steps.length} steps`)
    return copySteps(drawing.flow.index, steps, drawing.arrangement.boxes)
  }
  const insert = (text: string) => {
    const { drawing, focus, camera, command } = given
    const fragment = readFragment(text)
    if (fragment === null) return false
    if ('refused' in fragment) {
      toast(fragment.refused)
      return true
    }
    const { index } = drawing.flow
    const beside = focus.current === null ? undefined : index.steps.get(focus.current)
    const region = beside?.region ?? []
    const box = beside ? drawing.arrangement.boxes.get(beside.id) : undefined
    const { x, y } = box ? { x: box.x + 48, y: box.y + box.height + 40 } : camera.middle().place
    const at = { x: Math.round(x / GRID) * GRID, y: Math.round(y / GRID) * GRID }
    command(pasteCommand(index, fragment, { region, at }))
    return true
  }
  const now = useRef({ copied, insert, remove, given })
  useEffect(() => {
    now.current = { copied, insert, remove, given }
  })

  useEffect(() => {
    if (given.mode === 'view') return
    const take = (event: ClipboardEvent) => {
      if (isElsewhere(event.target)) return
      if (event.type === 'paste') {
        const text = event.clipboardData?.getData('text/plain') ?? ''
        if (now.current.insert(text)) event.preventDefault()
        return
      }
      if (window.getSelection()?.isCollapsed === false) return
      const text = now.current.copied()
      if (text === null) return
      event.clipboardData?.setData('text/plain', text)
      event.preventDefault()
      if (event.type === 'cut') now.current.remove()
    }
    const kinds = ['copy', 'cut', 'paste'] as const
    for (const kind of kinds) document.addEventListener(kind, take)
    return () => {
      for (const kind of kinds) document.removeEventListener(kind, take)
    }
  }, [given.mode])

  return {
    copy: () => {
      const text = copied()
      if (text !== null) void write(text)
    },
    cut: () => {
      const text = copied()
      if (text === null) return
      void write(text).then((done) => {
        if (done) remove()
      })
    },
    paste: () => {
      void read().then((text) => {
        if (text !== null && !insert(text)) toast('There are no steps on the clipboard')
      })
    },
  }
}

async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    toast('The browser did not allow it; press Ctrl+C or Ctrl+X instead')
    return false
  }
}

async function read(): Promise<string | null> {
  try {
    return await navigator.clipboard.readText()
  } catch {
    toast('The browser did not allow it; press Ctrl+V instead')
    return null
  }
}

function isElsewhere(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest(
      'input, textarea, select, [contenteditable=true], [role=textbox], [role=dialog], .monaco-editor',
    ) !== null
  )
}
