/**
 * A saga as a Mermaid flowchart, with its regions as subgraphs and its compensations as dashed arrows.
 */
import { buildGraph, type GraphRegion, type SagaGraph } from '@/runtime/definition/graph'
import type { SagaDocument, Step } from '@/runtime/definition/schema'

/** Ids are prefixed, because Mermaid has reserved words (`end` for one). */
const node = (id: string) => `s_${id}`

/** The flowchart's text. */
export function mermaid(document: SagaDocument): string {
  const graph = buildGraph(document)
  const [root] = graph.regions
  const lines = [
    '---',
    `title: ${JSON.stringify(document.title ?? document.name)}`,
    '---',
    'flowchart TD',
  ]
  if (root) lines.push(...region(graph, root, '  '))
  for (const edge of graph.edges) {
    if (edge.from === null) continue
    const label = edge.label ?? (edge.port === 'next' ? undefined : edge.port)
    const arrow = label ? `-->|${quote(label)}|` : '-->'
    lines.push(`  ${node(edge.from)} ${arrow} ${node(edge.to)}`)
  }
  for (const [id, { step }] of graph.steps) {
    if (step.type !== 'action' || !step.compensation) continue
    lines.push(`  ${node(id)}_undo[${quote(`↩ ${step.compensation.operation}`)}]:::undo`)
    lines.push(`  ${node(id)} -.-> ${node(id)}_undo`)
  }
  lines.push('  classDef undo stroke-dasharray: 4 4', '')
  return lines.join('\n')
}

function region(graph: SagaGraph, of: GraphRegion, indent: string): string[] {
  return of.steps.flatMap((id) => {
    const step = graph.steps.get(id)?.step
    if (!step) return []
    const inner = graph.regions.filter(({ owner }) => owner === id)
    const self = `${indent}${node(id)}${shape(step, step.title ?? id)}`
    return [
      self,
      ...inner.flatMap((child) => {
        const name = `${node(id)}_${child.region.at(-1) ?? 'items'}`
        const starts = child.steps.includes(child.start)
          ? [`${indent}${node(id)} --> ${node(child.start)}`]
          : []
        const title = step.type === 'map' ? 'for each item' : String(child.region.at(-1))
        return [
          `${indent}subgraph ${name}[${quote(title)}]`,
          ...region(graph, child, `${indent}  `),
          `${indent}end`,
          ...starts,
        ]
      }),
    ]
  })
}

function shape(step: Step, title: string): string {
  switch (step.type) {
    case 'choice':
      return `{${quote(title)}}`
    case 'wait':
    case 'signal':
      return `([${quote(title)}])`
    case 'approval':
      return `{{${quote(title)}}}`
    case 'end':
      return `((${quote(title)}))`
    case 'saga':
    case 'map':
      return `[[${quote(title)}]]`
    case 'action':
    case 'parallel':
    case 'transaction':
      return `[${quote(title)}]`
    default:
      return step satisfies never
  }
}

const quote = (text: string) => `"${text.replaceAll('"', '#quot;').replaceAll('\n', ' ')}"`
