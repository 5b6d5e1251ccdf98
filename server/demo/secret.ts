/**
 * The webhook secret that the demo services share with whoever registers them: `SAGAWRIGHT_DEMO_SECRET`, else a file
 * in the data folder that the first to ask creates. It opens nothing but the demo.
 */
import path from 'node:path'
import { loadSecretKeys } from '@/runtime/security/secret-key'

type Env = Record<string, string | undefined>

/** `whsec_…`; with several in the environment (separated by commas) the first, which is the newest. */
export function demoSecret(env: Env = process.env): string {
  const secret = demoSecrets(env)[0]
  if (!secret) throw new Error('SAGAWRIGHT_DEMO_SECRET holds no secret')
  return secret
}

/** All of them, newest first: while one is rotated the services take both. */
export function demoSecrets(env: Env = process.env): string[] {
  const given = env.SAGAWRIGHT_DEMO_SECRET?.trim()
  if (given) return given.split(/[\s,]+/).filter(Boolean)
  const file = path.join(env.SAGAWRIGHT_DATA || '.data', 'demo.secret')
  return loadSecretKeys({ file }).all.map((key) => `whsec_${key.bytes.toString('base64')}`)
}
