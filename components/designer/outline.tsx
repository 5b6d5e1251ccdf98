'use client'

/**
 * The same saga as a tree of text: the primary view for screen readers, and a quick overview for everybody. Fully
 * operable by keyboard; its selection is the canvas's.
 */
import { CornerUpLeft, TriangleAlert } from 'lucide-react'
import { type KeyboardEvent, useMemo, useRef } from 'react'
import type { Flow, StepData } from '../canvas/flow'
import { STEP_KINDS } from '../canvas/step-kinds'
import { spokenName } from '../canvas/summary'
import { cn } from '../ui/cn'

interface Row {
  id: string
  level: number
  data: StepData | null
  /** Of a branch. */
  label: string
}

export function Outline({
  flow,
  selection,
  onSelect,
  onOpen,
}: {
  flow: Flow
  selection: readonly string[]
  onSelect: (steps: string[]) => void
  onOpen: (step: string) => void
}) {
  const rows = useMemo(() => rowsOf(flow), [flow])
  const tree = useRef<HTMLDivElement>(null)
  const steps = rows.filter((row) => row.data !== null)
  const current = selection[0] ?? steps[0]?.id
  const go = (id: string | undefined) => {
    if (id === undefined) return
    onSelect([id])
    tree.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`)?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const at = steps.findIndex((row) => row.id === current)
    switch (event.key) {
      case 'ArrowDown':
        go(steps[Math.min(at + 1, steps.length - 1)]?.id)
        break
      case 'ArrowUp':
        go(steps[Math.max(at - 1, 0)]?.id)
        break
      case 'ArrowLeft': {
        const region = current === undefined ? [] : (flow.index.steps.get(current)?.region ?? [])
        go([...region].reverse().find((part) => flow.index.steps.has(part)))
        break
      }
      case 'ArrowRight':
        if ((steps[at + 1]?.level ?? 0) > (steps[at]?.level ?? 0)) go(steps[at + 1]?.id)
        break
      case 'Home':
        go(steps[0]?.id)
        break
      case 'End':
        go(steps.at(-1)?.id)
        break
      case 'Enter':
        if (current !== undefined) onOpen(current)
        break
      default:
        return
    }
    event.preventDefault()
  }
  return (
    <div
      ref={tree}
      role="tree"
      aria-label="Outline of the saga"
      tabIndex={-1}
      className="h-full overflow-y-auto p-2 outline-none"
      onKeyDown={onKeyDown}
    >
      {rows.map((row) =>
        row.data === null ? (
          <div
            key={row.id}
            role="treeitem"
            aria-level={row.level}
            aria-selected={false}
            tabIndex={-1}
            className="truncate py-1 text-text-3 text-xs"
            style={{ paddingLeft: 8 + (row.level - 1) * 14 }}
          >
            {row.label}
          </div>
        ) : (
          <StepRow
            key={row.id}
            id={row.id}
            level={row.level}
            data={row.data}
            selected={selection.includes(row.id)}
            focusable={row.id === current}
            onSelect={onSelect}
            onOpen={onOpen}
          />
        ),
      )}
    </div>
  )
}

function StepRow({
  id,
  level,
  data,
  selected,
  focusable,
  onSelect,
  onOpen,
}: {
  id: string
  level: number
  data: StepData
  selected: boolean
  focusable: boolean
  onSelect: (steps: string[]) => void
  onOpen: (step: string) => void
}) {
  const Icon = STEP_KINDS[data.step.type].icon
  const { problems, undo } = data
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the tree's, which moves the focus
    <div
      role="treeitem"
      data-row={id}
      aria-level={level}
      aria-selected={selected}
      aria-label={spokenName(data)}
      tabIndex={focusable ? 0 : -1}
      className={cn(
        'flex min-h-7 cursor-default items-center gap-2 rounded-md pr-2 text-sm [contain-intrinsic-size:auto_28px] [content-visibility:auto] hover:bg-surface-2 focus-visible:outline-offset-[-2px]',
        selected && 'bg-surface-3',
      )}
      style={{ paddingLeft: 8 + (level - 1) * 14 }}
      onClick={() => onSelect([id])}
      onDoubleClick={() => onOpen(id)}
    >
      <Icon size={14} strokeWidth={1.75} className="shrink-0 text-text-2" aria-hidden />
      <span className="min-w-0 flex-1 truncate">{data.title}</span>
      {undo ? (
        <span className="flex shrink-0 items-center gap-0.5 text-text-3 text-xs tabular-nums">
          <CornerUpLeft size={11} aria-hidden />
          {undo.rank}
        </span>
      ) : null}
      {problems ? (
        <span
          className={cn(
            'flex shrink-0 items-center gap-0.5 text-xs tabular-nums',
            problems.errors > 0 ? 'text-state-failed' : 'text-state-compensating',
          )}
        >
          <TriangleAlert size={11} aria-hidden />
          {problems.errors + problems.warnings}
        </span>
      ) : null}
    </div>
  )
}

function rowsOf(flow: Flow): Row[] {
  const rows: Row[] = []
  const data = new Map<string, StepData>()
  for (const node of flow.nodes) {
    if (node.kind === 'step' || node.kind === 'bracket') data.set(node.id, node.data)
  }
  const addRegion = (key: string, level: number) => {
    for (const id of flow.index.regions.get(key)?.steps ?? []) {
      rows.push({ id, level, data: data.get(id) ?? null, label: id })
      for (const region of flow.index.regions.values()) {
        if (region.holder !== id) continue
        rows.push({ id: `lane:${region.key}`, level: level + 1, data: null, label: region.label })
        addRegion(region.key, level + 2)
      }
    }
  }
  addRegion('', 1)
  return rows
}
