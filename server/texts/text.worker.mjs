/**
 * The thread of the text pool: one job in, one answer out. Plain JavaScript, as nothing has been set up yet that reads
 * TypeScript: in the web part's production build the process runs bundles, and this file starts from the sources.
 */
import { parentPort } from 'node:worker_threads'
import { register } from 'tsx/esm/api'

register()
const { doTextJob } = await import('./text-jobs.ts')

// what the first person's text would have to wait for: modules, the expression parser, the schema compiler
const WARM_UP = `kind: saga
name: warm-up
input: { type: object, properties: { n: { type: integer } } }
start: a
steps: { a: { type: end, output: { n: input.n + 1 } } }`
doTextJob({ kind: 'check', source: WARM_UP, options: '{}', whole: true })

parentPort.on('message', ({ id, job }) => {
  try {
    parentPort.postMessage({ id, answer: doTextJob(job) })
  } catch (error) {
    // An error class of ours would arrive as a plain Error without its code.
    const { name, message, code, details, stack } = error
    parentPort.postMessage({ id, error: { name, message, code, details, stack } })
  }
})
parentPort.postMessage({ ready: true })
