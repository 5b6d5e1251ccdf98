'use client'

/**
 * A saga as a drawing: to edit in the designer, to watch on the page of a run. It shows a document and asks for changes;
 * it never makes one (`onCommand`).
 *
 * 1. Nodes live in the drawing library: dragging and panning render nothing of ours.
 * 2. A run's state arrives through `overlay`, step by step, and never as new nodes.
 * 3. Everything the pointer can do, keys can do (canvas-actions.ts); one step is the canvas's tab stop.
 */
import '@xyflow/react/dist/base.css'
import './canvas.css'
import { ReactFlow, ReactFlowProvider, type Viewport } from '@xyflow/react'
import {
  type ReactNode,
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from 'react'
import { toast } from 'sonner'
import type { Issue } from '@/runtime/definition/issue'
import type { Layout, SagaDocument } from '@/runtime/definition/schema'
import { useCanvasActions } from './canvas-actions'
import {
  addCommand,
  type CanvasCommand,
  type Gesture,
  refusalFor,
  replaceCommand,
} from './canvas-commands'
import { CanvasContext } from './canvas-context'
import { CanvasControls } from './canvas-controls'
import { CanvasMarkers, Dots, MiniMapOfSteps } from './canvas-decor'
import { CanvasMenu, type MenuRequest } from './canvas-menu'
import { ConnectPreview, ConnectWords } from './connect-hint'
import { BracketNode, DotNode, LaneNode } from './container-nodes'
import { UndoEdge, WayEdge } from './edges'
import { FindBar } from './find-bar'
import { regionOfStart } from './focus-order'
import { FocusStore } from './focus-store'
import { GRID } from './measures'
import type { StepTemplate } from './new-step'
import type { OverlayStore } from './overlay-store'
import { StepNode } from './step-node'
import { type Catalog, type PickerRequest, StepPicker } from './step-picker'
import type { CanvasEdge, CanvasNode } from './to-library'
import { useCamera } from './use-camera'
import { useDrawing } from './use-drawing'
import type { ConnectHint } from './use-keyboard-connect'
import { usePointerEdits } from './use-pointer-edits'

export interface SagaCanvasProps {
  document: SagaDocument
  layout: Layout
  mode: 'edit' | 'view'
  /** Step ids. */
  selection: readonly string[]
  onSelect: (steps: string[]) => void
  onCommand?: (command: CanvasCommand) => void
  /** The state of a run, by step; make one `new OverlayStore()` and `replace` its content. */
  overlay?: OverlayStore
  issues?: readonly Issue[]
  /** The text has moved on and cannot be read: the drawing is greyed and not edited. */
  stale?: boolean
  catalog?: Catalog
  ref?: Ref<SagaCanvasHandle>
  /** Somebody has moved the view by hand. */
  onPan?: () => void
  /** Shown over the drawing's top edge. */
  children?: ReactNode
}

export interface SagaCanvasHandle {
  /** Brings a step into view and gives it the focus. */
  reveal: (step: string, options?: { focus?: boolean }) => void
  fit: () => void
  /** Gives the focus to the step that had it. */
  focus: () => void
  /** Adds a step after the selected one, or loose in the middle. */
  place: (template: StepTemplate) => void
}

const NODE_TYPES = { step: StepNode, bracket: BracketNode, lane: LaneNode, dot: DotNode }
const EDGE_TYPES = { way: WayEdge, undo: UndoEdge }
const NO_ISSUES: readonly Issue[] = []
const NO_CATALOG: Catalog = { participants: [], sagas: [] }

export function SagaCanvas(props: SagaCanvasProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  )
}

function Canvas({
  document: saga,
  layout,
  mode: wantedMode,
  selection,
  onSelect,
  onCommand,
  overlay,
  issues = NO_ISSUES,
  stale = false,
  catalog = NO_CATALOG,
  ref,
  onPan,
  children,
}: SagaCanvasProps) {
  const mode = stale ? 'view' : wantedMode
  const frame = useRef<HTMLDivElement>(null)
  const live = useRef<HTMLOutputElement>(null)
  const [focus] = useState(() => new FocusStore())
  const [showUndo, setShowUndo] = useState(true)
  const [finding, setFinding] = useState(false)
  const [picker, setPicker] = useState<PickerRequest | null>(null)
  const [menu, setMenu] = useState<MenuRequest | null>(null)
  const [hint, setHint] = useState<ConnectHint | null>(null)
  const [selectedEdge, setSelectedEdge] = useState<string | null>(null)

  const drawing = useDrawing({ document: saga, issues, layout, mode, showUndo })
  const { index } = drawing.flow
  const camera = useCamera({ frame, drawing, selection, focus })

  const say = useCallback((text: string) => {
    if (live.current) live.current.textContent = text
  }, [])
  const command = useCallback(
    (asked: CanvasCommand | Gesture) => {
      if ('refused' in asked) {
        say(asked.refused)
        toast(asked.refused)
        return
      }
      if (mode === 'view' && asked.type !== 'open') return
      if (asked.type === 'edit') say(asked.label)
      onCommand?.(asked)
    },
    [mode, onCommand, say],
  )
  const pick = (template: StepTemplate) => {
    if (!picker) return
    setPicker(null)
    command(
      picker.replaces === undefined
        ? addCommand(index, picker.spot, template)
        : replaceCommand(index, picker.replaces, template),
    )
    frame.current?.focus()
  }

  const actions = useCanvasActions({
    frame,
    drawing,
    mode,
    selection,
    focus,
    camera,
    selectedEdge,
    onSelect,
    command,
    say,
    openPicker: setPicker,
    hint: setHint,
    openFind: () => setFinding(true),
    toggleUndo: () => setShowUndo((shown) => !shown),
    showUndo,
  })
  const pointer = usePointerEdits({
    frame,
    drawing,
    mode,
    command,
    openPicker: setPicker,
    openMenu: setMenu,
    menuFor: actions.menuFor,
    selection,
    onSelect,
  })

  useImperativeHandle(
    ref,
    () => ({
      reveal: (step, options) => {
        camera.reveal(step)
        const active = globalThis.document.activeElement
        const mine = active === globalThis.document.body || frame.current?.contains(active)
        if (options?.focus !== false && mine) actions.pull(step)
      },
      fit: () => camera.fit(),
      focus: () => actions.focusCurrent(),
      place: (template) => actions.place(template),
    }),
    [camera, actions],
  )
  useEffect(() => {
    // the library's link is no part of the work: it can be clicked, and Tab passes it by
    frame.current?.querySelector('.react-flow__attribution a')?.setAttribute('tabindex', '-1')
  }, [])
  useEffect(() => {
    const at = focus.current
    if (at !== null && (index.steps.has(at) || regionOfStart(index, at))) return
    focus.move(selection[0] ?? index.graph.order[0] ?? null)
  }, [focus, index, selection])

  const context = useMemo(() => ({ mode, overlay: overlay ?? null, focus }), [mode, overlay, focus])
  const edges = useMemo(
    () =>
      selectedEdge === null
        ? drawing.edges
        : drawing.edges.map((edge) =>
            edge.id === selectedEdge ? ({ ...edge, selected: true } as CanvasEdge) : edge,
          ),
    [drawing.edges, selectedEdge],
  )
  const lastLod = useRef('')
  const onMove = useCallback(
    (_: unknown, { zoom }: Viewport) => {
      const lod = zoom < 0.25 ? 'block' : zoom < 0.5 ? 'title' : 'full'
      if (frame.current && lod !== lastLod.current) {
        lastLod.current = lod
        frame.current.dataset.lod = lod
      }
      camera.showZoom(zoom)
    },
    [camera],
  )

  return (
    <CanvasContext value={context}>
      <div
        ref={frame}
        role="application"
        aria-label={`Drawing of ${saga.title ?? saga.name}, ${index.steps.size} steps. Arrow keys move along the flow.`}
        tabIndex={-1}
        className="saga-canvas outline-none"
        data-mode={mode}
        data-stale={stale || undefined}
        data-waiting={drawing.waiting || undefined}
        data-settled={drawing.arrangement.missing.length === 0 || undefined}
        data-undo={showUndo ? 'on' : 'off'}
        onKeyDown={(event) => {
          camera.touch()
          actions.onKeyDown(event)
        }}
        onFocus={actions.onFocus}
        onPointerDownCapture={(event) => {
          camera.touch()
          if (event.target instanceof Element && event.target.closest(MAP)) onPan?.()
        }}
        onMouseDownCapture={(event) => {
          // Shift with a press would select text from the last caret to here, and copying stands aside for text.
          if (event.shiftKey && isPane(event.target)) event.preventDefault()
        }}
        onWheelCapture={camera.touch}
        onDragOver={pointer.onDragOver}
        onDrop={pointer.onDrop}
      >
        <CanvasMarkers />
        <ReactFlow<CanvasNode, CanvasEdge>
          defaultNodes={drawing.nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          onInit={camera.onInit}
          onMove={onMove}
          onMoveStart={(event) => {
            if (event) onPan?.()
          }}
          minZoom={0.1}
          maxZoom={2}
          snapToGrid
          snapGrid={SNAP}
          panOnScroll
          selectionKeyCode="Shift"
          multiSelectionKeyCode={MULTI}
          deleteKeyCode={null}
          disableKeyboardA11y
          nodesFocusable={false}
          edgesFocusable={false}
          elevateNodesOnSelect={false}
          nodesDraggable={mode === 'edit'}
          nodesConnectable={mode === 'edit'}
          connectionRadius={28}
          connectOnClick={false}
          zoomOnDoubleClick={false}
          attributionPosition="bottom-right"
          isValidConnection={pointer.isValidConnection}
          onConnect={pointer.onConnect}
          onConnectEnd={pointer.onConnectEnd}
          onReconnect={pointer.onReconnect}
          onNodeDragStop={pointer.onNodeDragStop}
          onSelectionDragStop={pointer.onSelectionDragStop}
          onSelectionChange={pointer.onSelectionChange}
          onSelectionStart={() => {
            window.getSelection()?.removeAllRanges()
            frame.current?.focus({ preventScroll: true })
          }}
          onNodeClick={(event, node) => {
            if (node.type !== 'step' && node.type !== 'bracket') return
            focus.move(node.id)
            setSelectedEdge(null)
            focusElement(event.currentTarget)
          }}
          onNodeDoubleClick={(_, node) => {
            if (index.steps.has(node.id)) command({ type: 'open', step: node.id })
          }}
          onEdgeClick={(event, edge) => {
            if (pointer.plusClicked(event, edge)) return
            setSelectedEdge(edge.id)
            onSelect([])
            frame.current?.focus({ preventScroll: true })
          }}
          onPaneClick={() => {
            setSelectedEdge(null)
            frame.current?.focus({ preventScroll: true })
          }}
          onNodeContextMenu={pointer.onNodeContextMenu}
          onEdgeContextMenu={(event, edge) => {
            setSelectedEdge(edge.id)
            pointer.onEdgeContextMenu(event, edge)
          }}
          onPaneContextMenu={pointer.onPaneContextMenu}
        >
          <Dots />
          <MiniMapOfSteps />
          {hint ? <ConnectPreview hint={hint} drawing={drawing} /> : null}
        </ReactFlow>
        {hint ? <ConnectWords hint={hint} /> : null}
        {children}
        <CanvasControls
          camera={camera}
          mode={mode}
          showUndo={showUndo}
          undoCount={drawing.flow.undone.size}
          onShowUndo={setShowUndo}
          onTidy={() => actions.tidy()}
          tidyRefusal={Object.keys(layout.positions).length === 0 ? 'Nothing is pinned' : null}
        />
        {finding ? (
          <FindBar
            index={index}
            focus={focus}
            onShow={(step) => camera.reveal(step)}
            onClose={() => {
              setFinding(false)
              actions.focusCurrent()
            }}
          />
        ) : null}
        <output ref={live} aria-live="polite" className="sr-only" />
        <StepPicker
          request={picker}
          catalog={catalog}
          refusal={(template) =>
            picker && picker.replaces === undefined
              ? refusalFor(index, picker.spot, template.type)
              : null
          }
          onPick={pick}
          onClose={() => {
            setPicker(null)
            actions.focusCurrent()
          }}
        />
        <CanvasMenu request={menu} onClose={() => setMenu(null)} />
      </div>
    </CanvasContext>
  )
}

const MAP = '.react-flow__minimap'
const isPane = (target: EventTarget) =>
  target instanceof Element && target.closest('.react-flow__pane') !== null

const SNAP: [number, number] = [GRID, GRID]
const MULTI = ['Meta', 'Control']

function focusElement(node: Element): void {
  node.querySelector<HTMLElement>('[data-step]')?.focus({ preventScroll: true })
}
