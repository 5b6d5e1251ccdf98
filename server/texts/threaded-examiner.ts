/**
 * The runtime's examiner on the text pool. Inputs of ordinary starts are validated where they are: a schema that can
 * only take time linear in a small input is worth no trip to a thread.
 */
import type { Examiner } from '@/runtime/definition/examiner'
import type { Issue } from '@/runtime/definition/issue'
import { validateInput } from '@/runtime/definition/validate-input'
import { SagaError } from '@/runtime/errors'
import { TextJobStopped, type TextPool } from './text-pool'

/** Characters of JSON. Compiling such a schema takes a few milliseconds, validating such an input less. */
const LIGHT_SCHEMA_MAX = 3_000
const LIGHT_INPUT_MAX = 32_000
/** Keywords with which a small schema can ask for much work: repetition, comparing all with all, recursion. */
const HEAVY = /"(pattern|patternProperties|uniqueItems|\$ref|\$dynamicRef)":/

export function threadedExaminer(pool: TextPool): Examiner {
  return {
    async examine(document) {
      const job = { kind: 'examine' as const, document: JSON.stringify(document) }
      return pool.run(job).catch((error: unknown) => {
        if (!(error instanceof TextJobStopped)) throw error
        throw new SagaError(
          'LIMIT_EXCEEDED',
          `${document.name} was not published: ${lowered(error)}. ${SMALLER}`,
          { name: document.name },
        )
      })
    },

    async validateInput(document, input): Promise<Issue[]> {
      if (!document.input) return []
      const schema = JSON.stringify(document.input)
      const data = JSON.stringify(input ?? null)
      const isLight = schema.length <= LIGHT_SCHEMA_MAX && !HEAVY.test(schema)
      if (isLight && data.length <= LIGHT_INPUT_MAX) return validateInput(document, input)
      const job = { kind: 'input' as const, name: document.name, schema, input: data }
      return pool.run(job).then(
        ({ issues }) => issues,
        (error: unknown) => {
          if (!(error instanceof TextJobStopped)) throw error
          throw new SagaError(
            'LIMIT_EXCEEDED',
            `The input was not checked against the schema of ${document.name}: ${lowered(error)}. Send a smaller input, or simplify the schema.`,
            { name: document.name },
          )
        },
      )
    },
  }
}

/** What an author can do about a text that was given up. */
export const SMALLER =
  'Move parts of it into sagas of their own and start them with `saga` steps, or simplify its schema and expressions.'

const lowered = ({ message }: Error) => message.charAt(0).toLowerCase() + message.slice(1)
