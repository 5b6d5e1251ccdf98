/** What `sagawright export` writes: the file as data, a Mermaid flowchart, or the XState machine it compiles to. */
export const EXPORT_FORMATS = ['json', 'yaml', 'mermaid', 'xstate'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

export function isExportFormat(name: string): name is ExportFormat {
  return EXPORT_FORMATS.some((format) => format === name)
}
