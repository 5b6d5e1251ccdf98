'use client'

/** Palette and outline, canvas, code, inspector and problems around one document; every pane can be resized or closed. */
import { ChevronDown, CircleAlert, PanelLeft, PanelRight, TriangleAlert } from 'lucide-react'
import dynamic from 'next/dynamic'
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Group, Panel, Separator } from 'react-resizable-panels'
import { toast } from 'sonner'
import type { Fix, Issue } from '@/runtime/definition/issue'
import type { CanvasCommand } from '../canvas/canvas-commands'
import { toFlow } from '../canvas/flow'
import { SagaCanvas, type SagaCanvasHandle } from '../canvas/saga-canvas'
import { indexSteps } from '../canvas/step-index'
import type { Catalog } from '../canvas/step-picker'
import type { CodeViewHandle } from '../code/code-view'
import { EditProvider } from '../inspector/edit-context'
import { Inspector } from '../inspector/inspector'
import { Button } from '../ui/button'
import { cn } from '../ui/cn'
import { EmptyState } from '../ui/empty-state'
import { IconButton } from '../ui/icon-button'
import { Skeleton } from '../ui/skeleton'
import { TabPanel, Tabs } from '../ui/tabs'
import type { View } from './designer-bar'
import type { DocumentStore } from './document-store'
import { Outline } from './outline'
import { Palette } from './palette'
import { countIssues, ProblemList, problemWords } from './problem-list'
import { useDesigner } from './session'

const CodeView = dynamic(() => import('../code/code-view').then((module) => module.CodeView), {
  ssr: false,
  loading: () => <Skeleton className="m-4 h-40" />,
})

export interface Panes {
  left: 'add' | 'outline' | null
  inspector: boolean
  problems: boolean
}

export function Workbench({
  store,
  catalog,
  refusal,
  view,
  panes,
  onPanes,
  onView,
}: {
  store: DocumentStore
  catalog: Catalog
  /** Why this person may not edit, or null. */
  refusal: string | null
  view: View
  panes: Panes
  onPanes: (panes: Partial<Panes>) => void
  onView: (view: View) => void
}) {
  const document = useDesigner(store, (state) => state.document)
  const layout = useDesigner(store, (state) => state.layout)
  const issues = useDesigner(store, (state) => state.issues)
  const selection = useDesigner(store, (state) => state.selection)
  const selectedFrom = useDesigner(store, (state) => state.selectedFrom)
  const broken = useDesigner(store, (state) => state.broken)
  const canvas = useRef<SagaCanvasHandle>(null)
  const code = useRef<CodeViewHandle | null>(null)
  const pending = useRef<{ start: number; end: number } | null>(null)
  const [focusTitle, setFocusTitle] = useState(0)

  const locked =
    refusal ??
    (broken ? `The code cannot be read at line ${broken.line}; mend it there or undo first.` : null)
  const index = useMemo(() => (document ? indexSteps(document) : null), [document])
  const context = useMemo(
    () => (index ? { store, index, issues, catalog, locked } : null),
    [store, index, issues, catalog, locked],
  )

  useEffect(() => {
    const [first] = selection
    if (selectedFrom === 'code' && first !== undefined) {
      canvas.current?.reveal(first, { focus: false })
    }
  }, [selection, selectedFrom])

  const touched = useDesigner(store, (state) => state.touched)
  useEffect(() => {
    const [first] = touched
    if (first !== undefined) canvas.current?.reveal(first)
  }, [touched])

  const onSelect = useCallback((steps: string[]) => store.select(steps), [store])
  const onCommand = useCallback(
    (command: CanvasCommand) => {
      switch (command.type) {
        case 'edit': {
          const { label, positions, select } = command
          const refused = store.edit(command.command, {
            label,
            ...(positions ? { positions } : {}),
            ...(select ? { select } : {}),
          })
          if (refused.length > 0) toast.error(refused[0]?.message)
          break
        }
        case 'move':
          store.move(command.positions, command.label)
          break
        case 'tidy':
          store.tidy(command.steps)
          break
        case 'open':
          store.select([command.step])
          onPanes({ inspector: true })
          setFocusTitle((n) => n + 1)
          break
        default:
          command satisfies never
      }
    },
    [store, onPanes],
  )
  const showRange = (range: { start: number; end: number } | undefined) => {
    if (!range) return
    if (code.current) code.current.reveal(range)
    else pending.current = range
  }
  const showIssue = (issue: Issue) => {
    if (issue.step !== undefined && index?.steps.has(issue.step)) {
      store.select([issue.step], 'canvas')
      canvas.current?.reveal(issue.step)
    }
    if (view !== 'design') showRange(issue.range)
  }
  const showBroken = () => {
    const first = issues.find((issue) => issue.severity === 'error' && issue.range)
    if (view === 'design') onView('split')
    showRange(first?.range)
  }
  const fix = ({ title, commands }: Fix) => {
    const refused = store.edit(
      { type: 'batch', label: title, commands },
      { label: title, show: true },
    )
    if (refused.length > 0) toast.error(refused[0]?.message)
  }
  const onCodeReady = useCallback((handle: CodeViewHandle | null) => {
    code.current = handle
    if (handle && pending.current) {
      handle.reveal(pending.current)
      pending.current = null
    }
  }, [])

  const drawing = document ? (
    <SagaCanvas
      ref={canvas}
      document={document}
      layout={layout}
      mode={refusal ? 'view' : 'edit'}
      stale={broken !== null}
      selection={selection}
      onSelect={onSelect}
      onCommand={onCommand}
      issues={issues}
      catalog={catalog}
    >
      {broken ? (
        <div
          role="alert"
          data-covers
          className="absolute inset-x-3 top-3 z-10 mx-auto flex max-w-xl items-center gap-3 rounded-lg border bg-surface-2 py-2 pr-2 pl-3 shadow-popover"
        >
          <TriangleAlert size={16} className="shrink-0 text-state-compensating" aria-hidden />
          <p className="min-w-0 flex-1">
            The code has {broken.count === 1 ? 'a problem' : `${broken.count} problems`} from line{' '}
            {broken.line} on; the drawing shows it as it was before.
          </p>
          <Button size="sm" onClick={showBroken}>
            Show line {broken.line}
          </Button>
        </div>
      ) : null}
      <div data-covers className="absolute top-3 left-3 z-10 flex gap-1">
        {panes.left === null ? (
          <IconButton
            className="border bg-surface-1"
            label="Steps and outline"
            icon={<PanelLeft size={15} />}
            onClick={() => onPanes({ left: 'add' })}
          />
        ) : null}
      </div>
      <div data-covers className="absolute top-3 right-3 z-10">
        {panes.inspector ? null : (
          <IconButton
            className="border bg-surface-1"
            label="Inspector"
            icon={<PanelRight size={15} />}
            onClick={() => onPanes({ inspector: true })}
          />
        )}
      </div>
    </SagaCanvas>
  ) : (
    <EmptyState
      icon={<CircleAlert size={24} className="text-state-failed" aria-hidden />}
      title="This text is not a saga yet"
      action={<Button onClick={showBroken}>Show line {broken?.line ?? 1}</Button>}
    >
      {broken?.message}
    </EmptyState>
  )
  const text = <CodeView store={store} readOnly={refusal !== null} onReady={onCodeReady} />

  return (
    <div className="relative flex min-h-0 flex-1">
      {document && view !== 'code' ? (
        <button
          type="button"
          className="-top-40 fixed left-3 z-50 rounded-md bg-accent-fill px-3 py-2 font-medium text-white focus:top-3"
          onClick={() => canvas.current?.focus()}
        >
          Skip to the drawing
        </button>
      ) : null}
      {panes.left && view !== 'code' ? (
        <aside
          aria-label="Steps and outline"
          data-covers
          className="z-20 w-56 shrink-0 border-r bg-surface-1 max-md:absolute max-md:inset-y-0 max-md:left-0 max-md:shadow-popover"
        >
          <Tabs
            label="Steps and outline"
            className="h-full"
            value={panes.left}
            onChange={(left) => onPanes({ left })}
            items={[
              { value: 'add', label: 'Add' },
              { value: 'outline', label: 'Outline' },
            ]}
            end={
              <IconButton
                size="sm"
                className="mr-2"
                label="Close"
                icon={<PanelLeft size={14} />}
                onClick={() => onPanes({ left: null })}
              />
            }
          >
            <TabPanel value="add">
              <Palette
                catalog={catalog}
                locked={locked}
                onPlace={(template) => canvas.current?.place(template)}
              />
            </TabPanel>
            <TabPanel value="outline">
              {document ? (
                <OutlinePane
                  store={store}
                  onOpen={(step) => onCommand({ type: 'open', step })}
                  onReveal={(step) => canvas.current?.reveal(step)}
                />
              ) : null}
            </TabPanel>
          </Tabs>
        </aside>
      ) : null}
      <Group orientation="vertical" className="min-w-0 flex-1">
        <Panel id="main" minSize={120} className="h-full">
          {/* one tree for all views, so that what stays on screen keeps its place */}
          <Group orientation="horizontal" className="h-full">
            {view === 'code' ? null : (
              <Panel key="drawing" id="drawing" minSize={240} className="h-full">
                {drawing}
              </Panel>
            )}
            {view === 'split' ? <Grip key="grip" orientation="vertical" /> : null}
            {view === 'design' ? null : (
              <Panel key="code" id="code" defaultSize="45%" minSize={240} className="h-full">
                {text}
              </Panel>
            )}
          </Group>
        </Panel>
        {panes.problems ? (
          <>
            <Grip orientation="horizontal" />
            <Panel id="problems" defaultSize={200} minSize={96}>
              <ProblemPane onClose={() => onPanes({ problems: false })} issues={issues}>
                <ProblemsOf store={store} locked={locked} onShow={showIssue} onFix={fix} />
              </ProblemPane>
            </Panel>
          </>
        ) : null}
      </Group>
      {panes.inspector && document && context && view !== 'code' ? (
        <aside
          aria-label="Inspector"
          data-covers
          onKeyDown={(event) => {
            // what is open over the inspector closes first
            const inside = event.currentTarget.contains(event.target as Node)
            if (event.key === 'Escape' && inside && !event.defaultPrevented) canvas.current?.focus()
          }}
          className="z-20 w-[376px] shrink-0 border-l max-lg:absolute max-lg:inset-y-0 max-lg:right-0 max-lg:shadow-popover max-md:top-auto max-md:left-0 max-md:h-[70%] max-md:w-auto max-md:border-t max-md:border-l-0"
        >
          <EditProvider value={context}>
            <Inspector
              document={document}
              selection={selection}
              focusTitle={focusTitle}
              onClose={() => onPanes({ inspector: false })}
            />
          </EditProvider>
        </aside>
      ) : null}
    </div>
  )
}

/** Reads the text only while the list is open. */
function ProblemsOf({
  store,
  locked,
  onShow,
  onFix,
}: {
  store: DocumentStore
  locked: string | null
  onShow: (issue: Issue) => void
  onFix: (fix: Fix) => void
}) {
  const issues = useDesigner(store, (state) => state.issues)
  const text = useDesigner(store, (state) => state.text)
  return <ProblemList issues={issues} text={text} locked={locked} onShow={onShow} onFix={onFix} />
}

function OutlinePane({
  store,
  onOpen,
  onReveal,
}: {
  store: DocumentStore
  onOpen: (step: string) => void
  onReveal: (step: string) => void
}) {
  const document = useDesigner(store, (state) => state.document)
  const issues = useDesigner(store, (state) => state.issues)
  const selection = useDesigner(store, (state) => state.selection)
  const flow = useMemo(() => (document ? toFlow(document, issues) : null), [document, issues])
  if (!flow) return null
  return (
    <Outline
      flow={flow}
      selection={selection}
      onSelect={(steps) => {
        store.select(steps)
        if (steps[0] !== undefined) onReveal(steps[0])
      }}
      onOpen={onOpen}
    />
  )
}

function ProblemPane({
  issues,
  onClose,
  children,
}: {
  issues: readonly Issue[]
  onClose: () => void
  children: ReactNode
}) {
  return (
    <section aria-label="Problems" className="flex h-full min-h-0 flex-col border-t bg-surface-1">
      <header className="flex h-9 shrink-0 items-center gap-3 border-b px-4">
        <h2 className="font-semibold text-sm">Problems</h2>
        <span className="flex-1 text-text-3 text-xs">{problemWords(countIssues(issues))}</span>
        <IconButton
          size="sm"
          label="Close the problems"
          icon={<ChevronDown size={14} />}
          onClick={onClose}
        />
      </header>
      <div className="min-h-0 flex-1">{children}</div>
    </section>
  )
}

function Grip({ orientation }: { orientation: 'vertical' | 'horizontal' }) {
  return (
    <Separator
      className={cn(
        'relative shrink-0 bg-border transition-colors data-[separator=active]:bg-accent data-[separator=hover]:bg-accent',
        orientation === 'vertical' ? 'w-px' : 'h-px',
      )}
    />
  )
}
