/**
 * The environment of programs that run beside the web server (worker, CLI): that of this folder's instance, with its
 * database open and up to date.
 */
import { dataFolder, openDatabase } from './database.mjs'
import { runningInstance } from './instance.mjs'
import { deploy } from './migrate.mjs'
import { secret } from './secret.mjs'

export interface Instance {
  /** What `readEnv` reads. */
  env: Record<string, string | undefined>
  /** The database, for people. */
  what: string
  /** The address of the web server of this folder, while it runs. */
  origin: string | null
  /** Stops the embedded database if this process was its last user. */
  close(): Promise<void>
}

/**
 * Opens the database that DATABASE_URL names, or the embedded one, and applies new migrations. `say` hears when the
 * embedded one died and when it is back.
 */
export async function openInstance(say?: (what: string) => void): Promise<Instance> {
  const data = dataFolder()
  const { url, what, close } = await openDatabase(data, say)
  try {
    await deploy(url)
  } catch (error) {
    await close()
    throw error
  }
  const origin = runningInstance(data)?.origin ?? null
  return {
    env: {
      ...process.env,
      DATABASE_URL: url,
      NEXTAUTH_SECRET: secret(data),
      SAGAWRIGHT_DATA: data,
      ...(origin && !process.env.NEXTAUTH_URL ? { NEXTAUTH_URL: origin } : {}),
    },
    what,
    origin,
    close,
  }
}
