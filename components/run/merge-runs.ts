/**
 * Brings fresh rows into a list without moving what is under the pointer: known rows change in place, new ones are
 * only counted, until the reader asks for them.
 */
import type { Page, SagaListItem } from '@/server/api/contract'

export function patchRuns(
  pages: readonly Page<SagaListItem>[],
  fresh: readonly SagaListItem[],
): Page<SagaListItem>[] {
  const byId = new Map(fresh.map((item) => [item.sagaId, item]))
  return pages.map((page) => {
    if (!page.items.some((item) => byId.has(item.sagaId))) return page
    return { ...page, items: page.items.map((item) => byId.get(item.sagaId) ?? item) }
  })
}

/** How many of the fresh rows the list does not have yet and would put above its first row. */
export function countNew(
  pages: readonly Page<SagaListItem>[],
  fresh: readonly SagaListItem[],
): number {
  const first = pages[0]?.items[0]
  if (!first) return fresh.length
  const known = new Set(pages.flatMap((page) => page.items.map((item) => item.sagaId)))
  return fresh.filter(
    (item) => !known.has(item.sagaId) && item.startedAt.getTime() >= first.startedAt.getTime(),
  ).length
}
