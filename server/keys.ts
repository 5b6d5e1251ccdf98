/**
 * The instance's secret keys: from SAGAWRIGHT_KEY, or derived from the secret that signs sessions.
 * They seal participants' secrets in the database and sign callback tokens.
 */
import { hkdfSync } from 'node:crypto'
import { parseSecretKeys, type SecretKeys } from '@/runtime/security/secret-key'
import type { Env } from './env'

/** The same environment gives the same keys: server, worker, seed and CLI agree. */
export function instanceKeys(env: Pick<Env, 'SAGAWRIGHT_KEY' | 'NEXTAUTH_SECRET'>): SecretKeys {
  if (env.SAGAWRIGHT_KEY) return parseSecretKeys(env.SAGAWRIGHT_KEY, 'SAGAWRIGHT_KEY')
  const derived = hkdfSync('sha256', env.NEXTAUTH_SECRET, '', 'sagawright/instance-key/1', 32)
  return parseSecretKeys(Buffer.from(derived).toString('base64'), 'NEXTAUTH_SECRET')
}

/** The name under which a participant's signing secret is sealed. */
export const secretName = (participant: string) => `participant/${participant}/secret`
