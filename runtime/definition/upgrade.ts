/**
 * Older formats of the document become the current one here, one function per step from a format to the next, so that
 * everything behind it knows only the current. Format 1 is the first: there is nothing to upgrade from yet, and a
 * document of a later format is refused rather than misread.
 */
import type { Issue } from './issue'
import { isRawMap } from './raw-steps'
import { FORMAT } from './schema'

type Upgrade = (document: Record<string, unknown>) => Record<string, unknown>

/** By the format they start from. */
const UPGRADES: ReadonlyMap<number, Upgrade> = new Map()

/** The document in the current format, or why that cannot be had. A missing format is the current one. */
export function upgradeDocument(value: unknown): { value: unknown } | { issue: Issue } {
  if (!isRawMap(value)) return { value }
  const { format } = value
  if (typeof format !== 'number' || !Number.isInteger(format)) return { value }
  if (format > FORMAT) {
    return {
      issue: {
        code: 'parse/newer-format',
        severity: 'error',
        path: ['format'],
        message: `The document has format ${format}; this version reads formats up to ${FORMAT}.`,
        hint: 'Update Sagawright, or export the saga from there in an older format.',
      },
    }
  }
  let current = value
  for (let from = format; from < FORMAT; from++) {
    const upgrade = UPGRADES.get(from)
    if (!upgrade) return { value }
    current = upgrade(current)
  }
  return { value: current }
}
