'use client'

/** What nodes and edges need from the canvas around them without rendering when anything else changes. */
import { createContext, useCallback, useContext, useSyncExternalStore } from 'react'
import { FocusStore } from './focus-store'
import { OverlayStore, type StepOverlay } from './overlay-store'

export interface CanvasContextValue {
  mode: 'edit' | 'view'
  overlay: OverlayStore | null
  focus: FocusStore
}

const EMPTY = new OverlayStore()

export const CanvasContext = createContext<CanvasContextValue>({
  mode: 'view',
  overlay: null,
  focus: new FocusStore(),
})

export function useOverlay(step: string): StepOverlay | undefined {
  const store = useContext(CanvasContext).overlay ?? EMPTY
  const subscribe = useCallback(
    (listener: () => void) => store.subscribe(step, listener),
    [store, step],
  )
  const read = () => store.get(step)
  return useSyncExternalStore(subscribe, read, read)
}

/** True for the one step that Tab reaches and arrow keys move from. */
export function useIsFocusTarget(step: string): boolean {
  const { focus } = useContext(CanvasContext)
  const subscribe = useCallback(
    (listener: () => void) => focus.subscribe(step, listener),
    [focus, step],
  )
  const read = () => focus.current === step
  return useSyncExternalStore(subscribe, read, read)
}

/** For the element that takes a step's keys: it gets the focus when the step was just added. */
export function useFocusPull(step: string): (element: HTMLElement | null) => void {
  const { focus } = useContext(CanvasContext)
  return useCallback(
    (element) => {
      if (element && focus.takePull(step)) element.focus({ preventScroll: true })
    },
    [focus, step],
  )
}

/** How a search treats this step: found, dimmed, or no search at all. */
export function useSearchMark(step: string): 'found' | 'dimmed' | null {
  const { focus } = useContext(CanvasContext)
  const subscribe = useCallback((listener: () => void) => focus.subscribeSearch(listener), [focus])
  const read = () => focus.searchMark(step)
  return useSyncExternalStore(subscribe, read, read)
}
