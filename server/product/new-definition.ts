/**
 * What a new definition starts with: the smallest saga that is valid, in YAML, with a word on how to go on.
 */

/** The text of a saga called `name` that does nothing and ends well. */
export function newDefinitionSource(name: string): string {
  const title = name.replaceAll('-', ' ').replace(/^./, (first) => first.toUpperCase())
  return `# Draw steps on the canvas or write them here: both are the same document.
kind: saga
format: 1
name: ${name}
title: ${title}
start: done
steps:
  done:
    type: end
    title: Done
`
}
