/**
 * Joins class names, leaving out what is false. It does not merge conflicting utilities: a component that lets its
 * caller override a class says which.
 */
export function cn(...parts: (string | false | null | undefined)[]): string {
  return parts.filter(Boolean).join(' ')
}
