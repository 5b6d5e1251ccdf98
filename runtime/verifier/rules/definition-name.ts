/** Is the document called what the definition is called? A published version under another name would be lost. */
import type { Issue } from '../../definition/issue'
import type { Rule } from '../rule'

export const definitionName: Rule = {
  prefix: 'definition',
  run: ({ document, options }) => otherName(document.name, options.name),
}

/** The finding for a document that is named `found` in the definition `expected`; none where either is not known. */
export function otherName(found: string | undefined, expected: string | undefined): Issue[] {
  if (found === undefined || expected === undefined || found === expected) return []
  return [
    {
      code: 'definition/name',
      severity: 'error',
      path: ['name'],
      message: `The document is named ${found}, but this definition is ${expected}.`,
      hint: `Write name: ${expected}, or create a definition called ${found}.`,
      fixes: [
        {
          title: `Name it ${expected}`,
          commands: [{ type: 'setSaga', fields: { name: expected } }],
        },
      ],
    },
  ]
}
