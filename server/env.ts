/**
 * The environment this process was started with, checked once. Everything configurable is named here.
 */
import { z } from 'zod'

const optional = z.preprocess((value) => (value === '' ? undefined : value), z.string().optional())

const schema = z
  .object({
    NODE_ENV: z.enum(['development', 'production', 'test']).default('development'),
    DATABASE_URL: z
      .string('is missing: the PostgreSQL to use, postgresql://user:password@host:5432/database')
      .regex(/^postgres(ql)?:\/\//, 'must start with postgresql://'),
    /** Default: this machine at PORT. Workers that are not told it learn the web part's from the database. */
    NEXTAUTH_URL: z.url('must be the address people open, such as https://sagawright.example.com'),
    /** Signs sessions; sealed secrets and callback tokens use keys derived from it. */
    NEXTAUTH_SECRET: z
      .string('is missing: 32 random characters or more, such as from: openssl rand -base64 33')
      .min(32, 'is too short: use 32 random characters or more'),
    /** 32 random bytes in base64, newest first when rotated; default: derived from NEXTAUTH_SECRET. */
    SAGAWRIGHT_KEY: optional,
    /** Names this worker's lease; default: a new name for each process. */
    WORKER_ID: optional,
    /** The address of this machine at which the other workers reach it, for wake-ups by UDP. */
    WORKER_HOST: z.string().max(253).default('127.0.0.1'),
    /** New sagas are refused (429, Retry-After) while the oldest waiting message is older; milliseconds. */
    BACKLOG_MAX_MS: z.coerce.number().int().min(100).max(600_000).default(5_000),
    /** Connections to PostgreSQL of this process. */
    DATABASE_POOL: z.coerce.number().int().min(2).max(200).default(10),
    /** Seconds between two probes of a participant's health address; 0 turns the prober off. */
    PROBE_SECONDS: z.coerce.number().int().min(0).max(3600).default(30),
    OIDC_ISSUER: z.preprocess((value) => (value === '' ? undefined : value), z.url().optional()),
    OIDC_CLIENT_ID: optional,
    OIDC_CLIENT_SECRET: optional,
    /** On the sign-in button. */
    OIDC_NAME: z.string().max(60).default('Single sign-on'),
    /** Set it to let in people whom no admin has added, with this role. */
    OIDC_NEW_USER_ROLE: z.preprocess(
      (value) => (value === '' ? undefined : value),
      z.enum(['ANALYST', 'OPERATOR', 'CHAIRMAN', 'ADMIN']).optional(),
    ),
  })
  .superRefine((env, context) => {
    const oidc = ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET'] as const
    if (oidc.every((key) => !env[key])) return
    for (const key of oidc)
      if (!env[key])
        context.addIssue({
          code: 'custom',
          path: [key],
          message: `is missing: ${oidc.join(', ')} go together`,
        })
  })

export type Env = z.infer<typeof schema>

/** Reads and checks the environment. Throws one Error that names every wrong variable, a line each. */
export function readEnv(source: Record<string, string | undefined> = process.env): Env {
  const result = schema.safeParse({
    ...source,
    NEXTAUTH_URL: source.NEXTAUTH_URL || `http://127.0.0.1:${source.PORT || 3000}`,
  })
  if (result.success) return result.data
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.')} ${issue.message}`)
  throw new Error(`The environment is not complete:\n${lines.join('\n')}`)
}
