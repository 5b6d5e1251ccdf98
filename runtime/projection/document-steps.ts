/** The steps of a document as a flat map, for who looks them up by the ids in a journal. */
import type { SagaDocument, Step } from '../definition/schema'

/** Every step of a document by id, nested regions included. */
export function stepsOf(document: SagaDocument): Map<string, Step> {
  const steps = new Map<string, Step>()
  const walk = (region: { steps: Record<string, Step> }) => {
    for (const [id, step] of Object.entries(region.steps)) {
      steps.set(id, step)
      if (step.type === 'parallel') for (const branch of Object.values(step.branches)) walk(branch)
      if (step.type === 'map') walk(step.region)
    }
  }
  walk(document)
  return steps
}
