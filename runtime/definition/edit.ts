/**
 * Edit commands: the only way in which canvas, inspector, quick fixes and EVA change a document. A command becomes the
 * smallest text edits (comments, blank lines and key order survive), and those edits' inverse is the undo.
 */
import { applyToValue } from './apply-command'
import type { Issue } from './issue'
import { isRawMap, type RawMap, rawSteps } from './raw-steps'
import type { SagaDocument, Step } from './schema'
import { readSource } from './text/source'
import { renameKey, rewrite } from './text/splice'
import { applyEdits, invertEdits, TextPatch } from './text/text-edit'

/** The region a step lives in: `[]` is the root; `['audit', 'legal']` branch `legal` of `audit`; `['each']` a map's. */
export type RegionPath = string[]

export type EditCommand =
  /** Sets fields of the saga itself; null removes one. */
  | { type: 'setSaga'; fields: Partial<Record<keyof SagaDocument, unknown>> }
  | { type: 'addStep'; region: RegionPath; id: string; step: Step }
  /** Puts a new step on the arrow `from → its target`; `port` as in `connect`. */
  | {
      type: 'insertStep'
      region: RegionPath
      from: string | null
      port?: string
      id: string
      step: Step
    }
  /** `reconnect` joins its predecessors to its successor. */
  | { type: 'removeStep'; id: string; reconnect: boolean }
  | { type: 'renameStep'; id: string; to: string }
  /** Sets the value at a path inside a step (`['retry','attemptsMax']`); undefined removes it. */
  | { type: 'setStep'; id: string; path: (string | number)[]; value?: unknown }
  /** Replaces a step by one of another type, under the same id. */
  | { type: 'replaceStep'; id: string; step: Step }
  /**
   * `from` null sets the region's start. Ports: none for `next`; of a choice `branch:<n>` or `otherwise`; of a signal
   * `timeout`. `to` null disconnects.
   */
  | { type: 'connect'; region: RegionPath; from: string | null; port?: string; to: string | null }
  | { type: 'batch'; label: string; commands: EditCommand[] }

/** Replaces `[start, end)` of a text; several apply at once and do not overlap, in ascending order. */
export interface TextEdit {
  start: number
  end: number
  text: string
}

export type PlannedEdit =
  | {
      edits: TextEdit[]
      /** Turns the new text back into the old one, byte for byte. */
      inverse: TextEdit[]
      text: string
    }
  | { issues: Issue[] }

/**
 * The smallest edits that carry out a command on a text, or why it is refused. The text may hold a broken document, but
 * must be readable as YAML or JSON. What the new text says is exactly what `applyCommand` makes of the old document.
 */
export function planEdit(text: string, command: EditCommand): PlannedEdit {
  const source = readSource(text)
  const root = source.root?.value
  if (source.issues.length > 0 || !isRawMap(root)) {
    const unreadable: Issue = {
      code: 'edit/unreadable',
      severity: 'error',
      path: [],
      message: 'The text cannot be read, so it cannot be edited on the canvas.',
      hint: 'Mend it in the code view first, or undo.',
    }
    return { issues: [unreadable, ...source.issues] }
  }
  const patch = new TextPatch(text)
  const issues = carryOut(patch, root, command)
  if (issues.length > 0) return { issues }
  const edits = patch.edits()
  return { edits, inverse: invertEdits(text, edits), text: applyEdits(text, edits) }
}

/** Changes the patch; issues when the command is refused, after which the patch is worthless. */
function carryOut(patch: TextPatch, root: RawMap, command: EditCommand): Issue[] {
  let value = root
  for (const group of groupsOf(command)) {
    for (const single of group) {
      const edited = applyToValue(value, single)
      if ('issues' in edited) return edited.issues
      if (single.type === 'renameStep' && single.id !== single.to) {
        const found = rawSteps(value).find((step) => step.id === single.id)
        if (!found || !renameKey(patch, found.path, single.to)) return [notWritable()]
      }
      value = edited.value
    }
    if (!rewrite(patch, value)) return [notWritable()]
  }
  return []
}

/** Commands whose changes can be written at once; a renamed key must be found in the text as it then is. */
function groupsOf(command: EditCommand): EditCommand[][] {
  const groups: EditCommand[][] = []
  let open: EditCommand[] = []
  for (const single of flatten(command)) {
    if (single.type === 'renameStep') {
      if (open.length > 0) groups.push(open)
      groups.push([single])
      open = []
    } else open.push(single)
  }
  if (open.length > 0) groups.push(open)
  return groups
}

function flatten(command: EditCommand): EditCommand[] {
  return command.type === 'batch' ? command.commands.flatMap(flatten) : [command]
}

function notWritable(): Issue {
  return {
    code: 'edit/not-writable',
    severity: 'error',
    path: [],
    message: 'This change cannot be written into the text as it stands.',
    hint: 'Anchors and aliases may be in the way: make the change in the code view.',
  }
}
