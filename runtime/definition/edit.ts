/**
 * Edit commands: the only way in which canvas, inspector, quick fixes and EVA change a document. A command becomes the
 * smallest text edits (comments, blank lines and key order survive), and those edits' inverse is the undo.
 */
import type { SagaDocument, Step } from './schema'

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
