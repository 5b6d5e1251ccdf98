#!/usr/bin/env node
/**
 * `npx sagawright`: runs main.ts as TypeScript, from whatever folder it is called in.
 */
import path from 'node:path'
import { register } from 'tsx/esm/api'

register({ tsconfig: path.resolve(import.meta.dirname, '../../tsconfig.json') })
const { main } = await import('./main.ts')
process.exitCode = await main(process.argv.slice(2))
