/**
 * Documents for use elsewhere: YAML ↔ JSON, and Mermaid for pages that show diagrams. Conversions write what the author
 * wrote, without defaults filled in; YAML's comments cannot go into JSON.
 */
import { stringify } from 'yaml'
import type { Issue } from './issue'
import type { Region, SagaDocument, Step } from './schema'
import { type Language, readSource } from './text/source'

/** The same definition in the other language; a text that is in it already comes back as it is. */
export function convertDefinition(
  text: string,
  to: Language,
): { text: string } | { issues: Issue[] } {
  const source = readSource(text)
  if (source.issues.length > 0 || !source.root) return { issues: source.issues }
  return source.language === to ? { text } : { text: writeDefinition(source.root.value, to) }
}

export function writeDefinition(value: unknown, language: Language): string {
  return language === 'json'
    ? `${JSON.stringify(value, null, 2)}\n`
    : stringify(value, { lineWidth: 0, minContentWidth: 0, aliasDuplicateObjects: false })
}

/** A Mermaid flowchart: regions as boxes, compensations as dotted arrows. */
export function toMermaid(document: SagaDocument): string {
  const lines = ['flowchart TD', `  start(("${quote(document.title ?? document.name)}"))`]
  writeRegion(document, 'start', '  ', lines)
  return `${lines.join('\n')}\n`
}

/** `from`: the node that stands before the region's first step. */
function writeRegion(region: Region, from: string, indent: string, lines: string[]): void {
  for (const [id, step] of Object.entries(region.steps)) writeStep(id, step, indent, lines)
  if (Object.hasOwn(region.steps, region.start)) {
    lines.push(`${indent}${from} --> ${nodeId(region.start)}`)
  }
  for (const [id, step] of Object.entries(region.steps)) {
    for (const { to, label } of arrowsOf(step)) {
      if (!Object.hasOwn(region.steps, to)) continue
      const text = label === undefined ? '' : `|"${quote(label)}"|`
      lines.push(`${indent}${nodeId(id)} -->${text} ${nodeId(to)}`)
    }
  }
}

function writeStep(id: string, step: Step, indent: string, lines: string[]): void {
  const title = quote(step.title ?? id)
  const node = nodeId(id)
  switch (step.type) {
    case 'parallel':
    case 'map': {
      const regions: [string, Region][] =
        step.type === 'map' ? [['each item', step.region]] : Object.entries(step.branches)
      lines.push(`${indent}subgraph ${node} ["${title}"]`)
      regions.forEach(([name, region], index) => {
        const box = `${node}_${index}`
        lines.push(`${indent}  subgraph ${box} ["${quote(name)}"]`)
        lines.push(`${indent}    ${box}_start(( ))`)
        writeRegion(region, `${box}_start`, `${indent}    `, lines)
        lines.push(`${indent}  end`)
      })
      lines.push(`${indent}end`)
      break
    }
    case 'choice':
      lines.push(`${indent}${node}{"${title}"}`)
      break
    case 'wait':
    case 'signal':
      lines.push(`${indent}${node}(["${title}"])`)
      break
    case 'approval':
      lines.push(`${indent}${node}{{"${title}"}}`)
      break
    case 'end':
      lines.push(`${indent}${node}((("${title}")))`)
      break
    case 'action': {
      lines.push(`${indent}${node}["${title}"]`)
      if (!step.compensation) break
      const undo = `${node}_undo`
      lines.push(`${indent}${node} -. undo .-> ${undo}[/"${quote(step.compensation.operation)}"/]`)
      break
    }
    case 'saga':
    case 'transaction':
      lines.push(`${indent}${node}[["${title}"]]`)
      break
    default: {
      const never: never = step
      throw new Error(`No drawing for ${JSON.stringify(never)}`)
    }
  }
}

function arrowsOf(step: Step): { to: string; label?: string }[] {
  const arrows: { to: string; label?: string }[] = []
  if (step.type === 'choice') {
    for (const branch of step.branches) {
      arrows.push({ to: branch.next, label: branch.label ?? branch.when })
    }
    if (step.otherwise) arrows.push({ to: step.otherwise, label: 'otherwise' })
    return arrows
  }
  if (step.type === 'signal' && step.onTimeout) {
    arrows.push({ to: step.onTimeout.next, label: 'timeout' })
  }
  if (step.type !== 'end' && step.next) arrows.push({ to: step.next })
  return arrows
}

/** Words such as `end` are Mermaid's own, so every id gets a prefix. */
function nodeId(id: string): string {
  return `s_${id}`
}

function quote(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('#', '#35;').replaceAll('"', '#quot;')
}
