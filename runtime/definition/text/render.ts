/**
 * Values written as YAML or JSON, in the manner of the text they go into.
 */
import { stringify } from 'yaml'
import type { SourceNode, SourceText } from './source'

/** How the text around is written. */
export interface Manner {
  language: SourceText['language']
  eol: string
  /** Spaces (or a tab, in JSON) of one level. */
  unit: string
}

export function mannerOf(source: SourceText): Manner {
  const eol = source.text.includes('\r\n') ? '\r\n' : '\n'
  return { language: source.language, eol, unit: unitOf(source) }
}

function unitOf(source: SourceText): string {
  for (const child of source.root && 'children' in source.root ? source.root.children : []) {
    const nested = source.language === 'json' ? child : firstChild(child.node)
    if (!nested) continue
    const line = source.text.lastIndexOf('\n', nested.start - 1) + 1
    const indent = source.text.slice(line, nested.start)
    if (line > 0 && /^(\t+| +)$/.test(indent)) return indent.length > 8 ? '  ' : indent
  }
  return '  '
}

function firstChild(node: SourceNode) {
  return node.kind === 'map' && !node.flow ? node.children[0] : undefined
}

/** A block of YAML lines for `key: value`, each line indented. */
export function renderBlockEntry(
  key: string,
  value: unknown,
  indent: string,
  manner: Manner,
): string {
  return renderBlock({ [key]: value }, indent, manner)
}

/** A block of YAML lines for `- value`, each line indented. */
export function renderBlockItem(value: unknown, indent: string, manner: Manner): string {
  return renderBlock([value], indent, manner)
}

function renderBlock(value: unknown, indent: string, manner: Manner): string {
  const options = { indent: Math.max(1, manner.unit.length), lineWidth: 0, minContentWidth: 0 }
  return stringify(value, options)
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => (line === '' ? line : indent + line))
    .join(manner.eol)
}

/** A value on one line of YAML, or a pretty JSON value whose further lines are indented by `indent`. */
export function renderFlow(value: unknown, indent: string | undefined, manner: Manner): string {
  if (manner.language === 'yaml') return flowYaml(value)
  if (indent === undefined) return flowJson(value)
  return JSON.stringify(value, null, manner.unit)
    .split('\n')
    .join(manner.eol + indent)
}

export function renderKey(key: string, manner: Manner): string {
  return manner.language === 'json'
    ? JSON.stringify(key)
    : isPlainWord(key)
      ? key
      : JSON.stringify(key)
}

/** A text in the quotes it had before, where these can hold it. */
export function renderText(value: string, style: string, manner: Manner): string {
  if (manner.language === 'json' || style === 'double') return JSON.stringify(value)
  if (style === 'single' && !/[\n\r\t]/.test(value)) return `'${value.replaceAll("'", "''")}'`
  return stringify(value, { lineWidth: 0, minContentWidth: 0, blockQuote: false }).replace(
    /\n$/,
    '',
  )
}

function flowJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowJson).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(
      ([key, field]) => `${JSON.stringify(key)}: ${flowJson(field)}`,
    )
    return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
  }
  return JSON.stringify(value)
}

function flowYaml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowYaml).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(
      ([key, field]) => `${isPlainWord(key) ? key : JSON.stringify(key)}: ${flowYaml(field)}`,
    )
    return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
  }
  return typeof value === 'string' && isPlainWord(value) ? value : JSON.stringify(value)
}

/** Words that need no quotes anywhere in YAML. */
function isPlainWord(text: string): boolean {
  return (
    /^[A-Za-z_][\w.-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n|nan|inf)$/i.test(text)
  )
}
