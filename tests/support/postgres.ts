import type { TestProject } from 'vitest/node'
import { startCluster } from './cluster'

declare module 'vitest' {
  interface ProvidedContext {
    databaseUrl: string
  }
}

// one server for the whole run
export default async function setup(project: TestProject) {
  const t = performance.now()
  const { url, stop } = await startCluster()
  console.log(`test database ready in ${Math.round(performance.now() - t)} ms`)
  project.provide('databaseUrl', url)
  return stop
}
