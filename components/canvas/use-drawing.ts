'use client'

/**
 * From document and pins to the nodes and edges that the drawing library holds. The layout engine is asked for what is
 * not known yet; its answers are kept by content, so one that comes late for a drawing that has moved on is not applied.
 */
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Issue } from '@/runtime/definition/issue'
import type { Layout, SagaDocument } from '@/runtime/definition/schema'
import { type Arrangement, arrange, type Box, type Solution } from './arrange'
import { elkLayout } from './elk-layout'
import { type Flow, toFlow } from './flow'
import { type CanvasEdge, type CanvasNode, toEdges, toNodes } from './to-library'

/**
 * How long a first drawing waits for the engine. Plain places would be left again a moment later, with everything
 * moving under the eye; they are for when the engine does not answer.
 */
const PATIENCE_MS = 10_000
/** A drawing of more steps than this is shown in its plain places at once: its layout takes seconds. */
const LARGE = 120
const SOLUTIONS_MAX = 300

/** Answers outlive a visit to another page: coming back shows the drawing at once. */
const remembered = new Map<string, Solution>()

export interface Drawing {
  flow: Flow
  arrangement: Arrangement
  nodes: CanvasNode[]
  edges: CanvasEdge[]
  /** Every node's place on the canvas itself, by node id. */
  absolute: ReadonlyMap<string, Box>
  /** Where steps were put by hand. */
  pins: Layout['positions']
  /** True until there is something worth showing. */
  waiting: boolean
}

export function useDrawing({
  document,
  issues,
  layout,
  mode,
  showUndo,
}: {
  document: SagaDocument
  issues: readonly Issue[]
  layout: Layout
  mode: 'edit' | 'view'
  showUndo: boolean
}): Drawing {
  const last = useRef<{ flow?: Flow; nodes?: CanvasNode[]; edges?: CanvasEdge[] }>({})
  const [answers, setAnswers] = useState(0)
  const [patient, setPatient] = useState(true)
  const flow = useMemo(() => toFlow(document, issues, last.current.flow), [document, issues])
  // biome-ignore lint/correctness/useExhaustiveDependencies: `answers` says that `remembered` has new ones
  const arrangement = useMemo(
    () => arrange(flow, layout.positions, remembered),
    [flow, layout.positions, answers],
  )
  const nodes = useMemo(
    () => toNodes(flow, arrangement, mode, last.current.nodes),
    [flow, arrangement, mode],
  )
  const absolute = useMemo(() => absoluteBoxes(flow, arrangement), [flow, arrangement])
  const edges = useMemo(
    () => toEdges(flow, arrangement, { mode, showUndo, absolute }, last.current.edges),
    [flow, arrangement, mode, showUndo, absolute],
  )
  useEffect(() => {
    last.current = { flow, nodes, edges }
  })

  useEffect(() => {
    if (arrangement.missing.length === 0) return
    let current = true
    const ask = async () => {
      const graphs = arrangement.missing
      const solutions = await Promise.all(graphs.map(elkLayout))
      for (const [n, graph] of graphs.entries()) {
        const solution = solutions[n]
        if (solution) remembered.set(graph.key, solution)
      }
      for (const key of remembered.keys()) {
        if (remembered.size <= SOLUTIONS_MAX) break
        remembered.delete(key)
      }
      if (current) setAnswers((n) => n + 1)
    }
    ask().catch((cause: unknown) => {
      console.warn(cause)
      if (current) setPatient(false)
    })
    return () => {
      current = false
    }
  }, [arrangement])

  useEffect(() => {
    const timer = setTimeout(() => setPatient(false), PATIENCE_MS)
    return () => clearTimeout(timer)
  }, [])

  const small = flow.index.steps.size <= LARGE
  const waiting = patient && small && arrangement.missing.length > 0 && answers === 0
  return { flow, arrangement, nodes, edges, absolute, pins: layout.positions, waiting }
}

function absoluteBoxes(flow: Flow, arrangement: Arrangement): Map<string, Box> {
  const boxes = new Map<string, Box>()
  for (const node of flow.nodes) {
    const box = arrangement.boxes.get(node.id)
    if (!box) continue
    const parent = node.parent === null ? undefined : boxes.get(node.parent)
    boxes.set(node.id, { ...box, x: box.x + (parent?.x ?? 0), y: box.y + (parent?.y ?? 0) })
  }
  return boxes
}
