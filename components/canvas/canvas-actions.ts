'use client'

/**
 * Everything that can be done on the canvas without a pointer, in one list with stable ids: the shortcuts, the command
 * palette, the context menus and the shortcut sheet are all read from it.
 */
import type { FocusEvent, KeyboardEvent, RefObject } from 'react'
import { type Action, pressed, useActions } from '../shell/actions'
import type { Point } from './arrange'
import {
  addCommand,
  type CanvasCommand,
  disconnectCommand,
  type Gesture,
  nameOf,
  removeCommand,
  type Spot,
} from './canvas-commands'
import type { MenuEntry } from './canvas-menu'
import { type Direction, nextFocus, regionOfStart } from './focus-order'
import type { FocusStore } from './focus-store'
import { copySteps, pasteCommand, readFragment } from './fragment'
import { GRID, LANE } from './measures'
import type { StepTemplate } from './new-step'
import type { PickerRequest } from './step-picker'
import type { Camera } from './use-camera'
import { useClipboard } from './use-clipboard'
import type { Drawing } from './use-drawing'
import { type ConnectHint, useKeyboardConnect } from './use-keyboard-connect'
import { type MenuTarget, regionOfSource } from './use-pointer-edits'

const DIRECTIONS: Record<string, Direction> = {
  arrowup: 'up',
  arrowdown: 'down',
  arrowleft: 'left',
  arrowright: 'right',
}

export interface CanvasActions {
  onKeyDown: (event: KeyboardEvent) => void
  onFocus: (event: FocusEvent) => void
  menuFor: (target: MenuTarget, client: Point) => { label: string; groups: MenuEntry[][] }
  place: (template: StepTemplate) => void
  tidy: () => void
  focusCurrent: () => void
  /** Gives the keyboard to a step, also to one that is drawn in a moment. */
  pull: (step: string) => void
}

interface Given {
  frame: RefObject<HTMLDivElement | null>
  drawing: Drawing
  mode: 'edit' | 'view'
  selection: readonly string[]
  focus: FocusStore
  camera: Camera
  selectedEdge: string | null
  showUndo: boolean
  onSelect: (steps: string[]) => void
  command: (asked: CanvasCommand | Gesture) => void
  say: (text: string) => void
  openPicker: (request: PickerRequest) => void
  hint: (shown: ConnectHint | null) => void
  openFind: () => void
  toggleUndo: () => void
}

export function useCanvasActions(given: Given): CanvasActions {
  const { frame, drawing, mode, selection, focus, camera, selectedEdge } = given
  const { onSelect, command, say, openPicker } = given
  const { index } = drawing.flow
  const connecting = useKeyboardConnect(given)

  const current = (): string | null => selection.at(-1) ?? focus.current
  const chosen = (): readonly string[] => {
    if (selection.length > 0) return selection
    const inside = frame.current?.contains(document.activeElement)
    const at = focus.current
    return inside && at !== null && index.steps.has(at) && selectedEdge === null ? [at] : []
  }
  const edge = selectedEdge === null ? undefined : drawing.edges.find((e) => e.id === selectedEdge)
  const none = selection.length === 0 && edge === undefined ? 'Select a step first' : null

  const focusElement = (step: string) => {
    camera.reveal(step)
    focus.move(step)
    frame.current
      ?.querySelector<HTMLElement>(`[data-step="${CSS.escape(step)}"]`)
      ?.focus({ preventScroll: true })
  }
  const anchorOf = (step: string): PickerRequest['anchor'] => {
    const box = frame.current
      ?.querySelector(`[data-step="${CSS.escape(step)}"]`)
      ?.getBoundingClientRect()
    if (!box) return camera.middle().client
    return { x: box.x, y: box.y, width: box.width, height: box.height }
  }
  const append = (step: string | null) => {
    const begun = step === null ? undefined : regionOfStart(index, step)
    if (begun && step !== null) {
      const spot: Spot = { region: begun.path, from: null }
      return openPicker({ title: 'Begin with', spot, anchor: anchorOf(step) })
    }
    const found = step === null ? undefined : index.steps.get(step)
    if (!found) return openAdd()
    const port = found.ports.find(({ target }) => target === null) ?? found.ports[0]
    if (!port) return say('Nothing follows an end')
    const spot: Spot = { region: found.region, from: found.id, port: port.id }
    const title = `Add a step after ${nameOf(index, found.id)}`
    openPicker({ title, spot, anchor: anchorOf(found.id) })
  }
  /** On the arrow that leads to the step; a region's first step has the one from its start. */
  const prepend = (step: string | null) => {
    const found = step === null ? undefined : index.steps.get(step)
    if (!found) return say('Select a step first')
    const { id, region, regionKey, incoming } = found
    const [before] = incoming
    const first = index.regions.get(regionKey)?.start === id
    if (!before && !first) return say('No arrow leads to this step; connect one first')
    const spot: Spot = before
      ? { region, from: before.from, port: before.port }
      : { region, from: null }
    openPicker({ title: `Insert before ${nameOf(index, id)}`, spot, anchor: anchorOf(id) })
  }
  const openAdd = (at?: Point, region?: Spot['region']) => {
    const middle = camera.middle()
    const spot: Spot = at ? { region: region ?? [], at } : { region: [], at: onGrid(middle.place) }
    openPicker({ title: 'Add a step', spot, anchor: middle.client })
  }
  const remove = (reconnect: boolean) => {
    if (edge?.type === 'way' && selection.length === 0) {
      const from = edge.source.startsWith('start:') ? null : edge.source
      const region = regionOfSource(drawing, edge.source)
      return command(disconnectCommand(index, { from, port: edge.sourceHandle ?? 'next', region }))
    }
    const next =
      focus.current === null ? null : nextFocus(index, focus.current, 'up', drawing.absolute)
    command(removeCommand(index, chosen(), reconnect))
    if (next !== null && !chosen().includes(next)) focus.move(next)
    frame.current?.focus({ preventScroll: true })
  }
  const move = (direction: Direction) => {
    const positions: Record<string, Point> = {}
    for (const id of chosen()) {
      const box = drawing.arrangement.boxes.get(id)
      const nested = (index.steps.get(id)?.region.length ?? 0) > 0
      if (!box) continue
      const dx = direction === 'left' ? -GRID : direction === 'right' ? GRID : 0
      const dy = direction === 'up' ? -GRID : direction === 'down' ? GRID : 0
      const at = onGrid({ x: box.x + dx, y: box.y + dy })
      positions[id] = nested ? { x: Math.max(at.x, LANE.side), y: Math.max(at.y, LANE.top) } : at
    }
    const ids = Object.keys(positions)
    const first = ids[0]
    if (first === undefined) return
    const what = ids.length === 1 ? nameOf(index, first) : `${ids.length} steps`
    command({ type: 'move', label: `Move ${what}`, positions })
    camera.reveal(first)
    say(`Moved ${what} to ${positions[first]?.x}, ${positions[first]?.y}`)
  }
  const tidy = () => command({ type: 'tidy', steps: selection.length > 1 ? [...selection] : null })
  const duplicate = () => {
    const text = copySteps(index, chosen(), drawing.arrangement.boxes)
    const fragment = readFragment(text)
    const first = chosen()[0]
    const found = first === undefined ? undefined : index.steps.get(first)
    const box = first === undefined ? undefined : drawing.arrangement.boxes.get(first)
    if (!fragment || 'refused' in fragment || !found || !box) return say('Select a step first')
    const at = onGrid({ x: box.x + 32, y: box.y + box.height + 24 })
    const what = chosen().length === 1 ? nameOf(index, found.id) : `${chosen().length} steps`
    command(pasteCommand(index, fragment, { region: found.region, at, label: `Duplicate ${what}` }))
  }
  const clipboard = useClipboard({ given, chosen, remove: () => remove(true) })

  const viewActions: Action[] = [
    action('canvas.fit', 'Fit everything', '1', () => camera.fit()),
    action('canvas.actual-size', 'Zoom to 100 %', '0', () => camera.zoomTo(1)),
    {
      ...action('canvas.fit-selection', 'Zoom to the selection', '2', () => camera.fit(selection)),
      disabledReason: selection.length === 0 ? 'Select a step first' : null,
    },
    action('canvas.zoom-in', 'Zoom in', '+', () => camera.zoomBy(1.25)),
    action('canvas.zoom-out', 'Zoom out', '-', () => camera.zoomBy(1 / 1.25)),
    action('canvas.find', 'Find in the drawing', 'mod+f', given.openFind),
    action(
      'canvas.way-back',
      given.showUndo ? 'Hide the way back' : 'Show the way back',
      'b',
      given.toggleUndo,
    ),
  ]
  const editActions: Action[] = [
    action('canvas.append', 'Add a step after the selected one', 'a', () => append(current())),
    needs(
      none,
      action('canvas.prepend', 'Insert a step before the selected one', 'shift+a', () =>
        prepend(current()),
      ),
    ),
    action('canvas.add', 'Add a step anywhere', 'n', () => openAdd()),
    needs(
      none,
      action('canvas.replace', 'Replace the step', 'r', () => replace(current())),
    ),
    needs(
      none,
      action('canvas.rename', 'Rename the step', 'f2', () => rename(current())),
    ),
    action('canvas.connect', 'Connect the step to another', 'c', () => connecting.start(current())),
    needs(
      none,
      action('canvas.delete', 'Delete, leaving the gap', 'delete', () => remove(false)),
    ),
    needs(
      none,
      action('canvas.delete-reconnect', 'Delete and reconnect', 'mod+delete', () => remove(true)),
    ),
    needs(none, action('canvas.duplicate', 'Duplicate', 'mod+d', duplicate)),
    action(
      'canvas.tidy',
      selection.length > 1 ? 'Tidy up the selection' : 'Tidy up',
      'alt+shift+t',
      tidy,
    ),
    needs(none, action('canvas.copy', 'Copy the steps', undefined, clipboard.copy)),
    needs(none, action('canvas.cut', 'Cut the steps', undefined, clipboard.cut)),
    action('canvas.paste', 'Paste steps', undefined, clipboard.paste),
  ]
  const replace = (step: string | null) => {
    const found = step === null ? undefined : index.steps.get(step)
    if (!found) return say('Select the step to replace')
    const { id, region } = found
    const title = `Replace ${nameOf(index, id)} by`
    openPicker({ title, spot: { region, from: id }, anchor: anchorOf(id), replaces: id })
  }
  const rename = (step: string | null) => {
    if (step !== null) command({ type: 'open', step, field: 'title' })
  }
  useActions(mode === 'edit' ? [...viewActions, ...editActions] : viewActions)

  const walk = (direction: Direction, extend: boolean) => {
    const from = focus.current ?? index.graph.order[0]
    const starts = mode === 'edit' && !extend
    const to =
      from === undefined ? null : nextFocus(index, from, direction, drawing.absolute, starts)
    if (to === null || to === undefined) return say('Nothing further that way')
    if (!index.steps.has(to)) onSelect([])
    else if (extend) onSelect([...new Set([...selection, ...(from ? [from] : []), to])])
    else onSelect([to])
    focusElement(to)
  }

  return {
    place: (template) => {
      const found = selection.length === 1 ? index.steps.get(selection[0] ?? '') : undefined
      const port = found?.ports.find(({ target }) => target === null) ?? found?.ports[0]
      const spot: Spot =
        found && port
          ? { region: found.region, from: found.id, port: port.id }
          : { region: [], at: onGrid(camera.middle().place) }
      command(addCommand(index, spot, template))
      frame.current?.focus({ preventScroll: true })
    },
    tidy,
    focusCurrent: () => {
      if (focus.current !== null) focusElement(focus.current)
    },
    pull: (step) => {
      focus.pull(step)
      const drawn = frame.current?.querySelector<HTMLElement>(`[data-step="${CSS.escape(step)}"]`)
      if (drawn && focus.takePull(step)) drawn.focus({ preventScroll: true })
    },
    // a step that gets the focus by Tab or by a screen reader is the one that keys are about
    onFocus: ({ target }) => {
      const step = target instanceof HTMLElement ? target.dataset.step : undefined
      if (step === undefined) return
      focus.move(step)
      if (!index.steps.has(step)) return
      if (target.matches(':focus-visible') && !selection.includes(step)) onSelect([step])
    },
    onKeyDown: (event) => {
      const key = pressed(event)
      if (key === null || typing(event.target)) return
      if (connecting.onKey(key)) return event.preventDefault()
      const plain = key.replace(/^(mod\+)?(shift\+)?/, '')
      const direction = DIRECTIONS[plain]
      if (direction) {
        event.preventDefault()
        if (key.startsWith('mod+')) {
          if (mode === 'edit') move(direction)
        } else walk(direction, key.startsWith('shift+'))
        return
      }
      const inStep = event.target instanceof Element && event.target.closest('[data-step]')
      if (key === 'enter' && (inStep || event.target === frame.current)) {
        event.preventDefault()
        const at = focus.current
        if (at !== null && index.steps.has(at)) command({ type: 'open', step: at })
        else if (at !== null && mode === 'edit') append(at)
      } else if (
        key === 'space' &&
        inStep &&
        focus.current !== null &&
        index.steps.has(focus.current)
      ) {
        event.preventDefault()
        onSelect(selection.includes(focus.current) ? [] : [focus.current])
      } else if (key === 'escape' && selection.length > 0) {
        event.preventDefault()
        onSelect([])
      } else if (key === 'backspace' && mode === 'edit' && chosen().length > 0) {
        event.preventDefault()
        remove(false)
      }
    },
    menuFor: (target, client) => {
      const named = (id: string) => {
        const found = [...editActions, ...viewActions].find((candidate) => candidate.id === id)
        return found ? [toEntry(found)] : []
      }
      if (target.kind === 'edge') {
        const { edge } = target
        const from = edge.source.startsWith('start:') ? null : edge.source
        const port = edge.sourceHandle ?? 'next'
        const region = regionOfSource(drawing, edge.source)
        const spot = { region, from, port }
        const insert = () => openPicker({ title: 'Insert a step here', spot, anchor: client })
        const cut = () => command(disconnectCommand(index, spot))
        return {
          label: 'Arrow',
          groups:
            mode === 'view'
              ? [named('canvas.fit')]
              : [
                  [{ id: 'insert', title: 'Insert a step…', run: insert }],
                  [{ id: 'cut', title: 'Delete the arrow', danger: true, run: cut }],
                ],
        }
      }
      if (target.kind === 'pane') {
        const { at, region } = target
        const add = () => openPicker({ title: 'Add a step', spot: { region, at }, anchor: client })
        const edit: MenuEntry[][] = [
          [{ id: 'add', title: 'Add a step…', keys: 'n', run: add }, ...named('canvas.paste')],
          [...named('canvas.tidy')],
        ]
        const view = [...named('canvas.fit'), ...named('canvas.find'), ...named('canvas.way-back')]
        return { label: 'Drawing', groups: mode === 'edit' ? [...edit, view] : [view] }
      }
      const open = () => command({ type: 'open', step: target.step })
      const show: MenuEntry = { id: 'open', title: 'Show details', keys: 'enter', run: open }
      if (mode === 'view') return { label: 'Step', groups: [[show], named('canvas.fit-selection')] }
      const step = target.step
      const single = [
        show,
        { id: 'append', title: 'Add a step after…', keys: 'a', run: () => append(step) },
        { id: 'prepend', title: 'Insert before…', keys: 'shift+a', run: () => prepend(step) },
        { id: 'replace', title: 'Replace…', keys: 'r', run: () => replace(step) },
        { id: 'rename', title: 'Rename', keys: 'f2', run: () => rename(step) },
        { id: 'connect', title: 'Connect to…', keys: 'c', run: () => connecting.start(step) },
      ]
      const copying = ['canvas.cut', 'canvas.copy', 'canvas.duplicate'].flatMap((id) => named(id))
      const deleting = ['canvas.delete-reconnect', 'canvas.delete'].flatMap((id) => named(id))
      const enabled = [...copying, ...deleting].map((entry) => ({ ...entry, disabledReason: null }))
      return {
        label: 'Step',
        groups: [
          ...(selection.length > 1 ? [named('canvas.tidy')] : [single]),
          enabled.slice(0, copying.length),
          enabled.slice(copying.length).map((entry) => ({ ...entry, danger: true })),
        ],
      }
    },
  }
}

function action(id: string, title: string, keys: string | undefined, run: () => void): Action {
  return { id, title, group: 'Drawing', ...(keys ? { keys } : {}), run }
}

const needs = (disabledReason: string | null, base: Action): Action => ({ ...base, disabledReason })

function toEntry({ id, title, keys, disabledReason, run }: Action): MenuEntry {
  return { id, title, ...(keys ? { keys } : {}), disabledReason: disabledReason ?? null, run }
}

const onGrid = ({ x, y }: Point): Point => ({
  x: Math.round(x / GRID) * GRID,
  y: Math.round(y / GRID) * GRID,
})

function typing(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest(
      'input, textarea, select, [contenteditable=true], [role=menu], [role=listbox]',
    ) !== null
  )
}
