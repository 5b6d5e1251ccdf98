/**
 * What a fresh installation starts with: four people, a few ventures, the demo services as participants, and the
 * sagas of prisma/sagas, published.
 *
 * Idempotent, and it never undoes anybody's work: what exists stays as it is, except the demo services' addresses and
 * secrets, which follow the services of this start. A saga is published only while nobody has published its name.
 */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { PrismaClient } from '@/prisma/generated/client'
import { digestDocument } from '@/runtime'
import { hasErrors } from '@/runtime/definition/issue'
import { parseDefinition } from '@/runtime/definition/parse'
import { type Layout, layoutSchema } from '@/runtime/definition/schema'
import { createPostgresDefinitionStore } from '@/runtime/postgres/definition-store'
import { verify } from '@/runtime/verifier/verify'
import type { Role } from './auth/permissions'
import { createSignInLink } from './auth/sign-in-links'
import { demoParticipants } from './demo/participants'
import { demoSecret } from './demo/secret'
import { type Env, readEnv } from './env'
import { instanceKeys } from './keys'
import { openSecrets, sealSecrets } from './product/participants'

const PEOPLE: { email: string; name: string; role: Role }[] = [
  { email: 'analyst@sagawright.local', name: 'Ana Lyst', role: 'ANALYST' },
  { email: 'operator@sagawright.local', name: 'Otto Perator', role: 'OPERATOR' },
  { email: 'chairman@sagawright.local', name: 'Cher Mann', role: 'CHAIRMAN' },
  { email: 'admin@sagawright.local', name: 'Ada Min', role: 'ADMIN' },
]

const VENTURES = [
  { name: 'Solar Roofs Lisbon', stage: 'VALIDATION' },
  { name: 'Quiet Delivery', stage: 'IDEA' },
  { name: 'Harbour Analytics', stage: 'LAUNCH' },
  { name: 'Second Harvest', stage: 'GROWTH' },
]

const SAGAS_FOLDER = path.resolve('prisma/sagas')

export interface SeedOptions {
  /** Where the demo services listen; without it they are not registered. */
  demoUrl?: string | undefined
  env?: Pick<Env, 'SAGAWRIGHT_KEY' | 'NEXTAUTH_SECRET'>
}

/** Brings the database to its starting point. Throws when a saga of prisma/sagas has errors. */
export async function seed(
  prisma: PrismaClient,
  { demoUrl, env = readEnv() }: SeedOptions = {},
): Promise<void> {
  await prisma.user.createMany({
    data: PEOPLE.map(({ email, name, role }) => ({ email, name, roles: [role] })),
    skipDuplicates: true,
  })
  await prisma.venture.createMany({ data: VENTURES, skipDuplicates: true })
  if (demoUrl) await seedParticipants(prisma, demoUrl, env)
  await seedSagas(prisma)
}

/** One fresh one-time link for each seeded person who may still sign in, in the order of their roles. */
export async function signInLinks(
  prisma: PrismaClient,
  origin: string,
): Promise<{ role: Role; email: string; url: string }[]> {
  await prisma.signInLink.deleteMany({ where: { expiresAt: { lt: new Date() } } })
  const links: { role: Role; email: string; url: string }[] = []
  for (const { email, role } of PEOPLE) {
    const user = await prisma.user.findUnique({ where: { email } })
    if (!user || user.disabledAt) continue
    const { url } = await createSignInLink(prisma, { userId: user.id, origin })
    links.push({ role, email, url })
  }
  return links
}

async function seedParticipants(
  prisma: PrismaClient,
  demoUrl: string,
  env: NonNullable<SeedOptions['env']>,
): Promise<void> {
  const keys = instanceKeys(env)
  const secret = demoSecret()
  for (const { disabled: _disabled, healthUrl, endpointUrl, ...item } of demoParticipants(
    demoUrl,
  )) {
    const { name } = item
    const addresses = { endpointUrl: endpointUrl ?? null, healthUrl: healthUrl ?? null }
    const found = await prisma.participant.findUnique({ where: { name } })
    if (!found) {
      const supportsRollback = item.operations.some((operation) => operation.compensation)
      const sealedSecret = sealSecrets(keys, name, [secret])
      await prisma.participant.create({
        data: { ...item, ...addresses, supportsRollback, sealedSecret },
      })
    } else if (!sameSecret(found.sealedSecret) || found.endpointUrl !== addresses.endpointUrl) {
      await prisma.participant.update({
        where: { name },
        data: { ...addresses, sealedSecret: sealSecrets(keys, name, [secret]) },
      })
    }

    function sameSecret(sealed: string | null): boolean {
      try {
        return sealed !== null && openSecrets(keys, name, sealed)[0] === secret
      } catch {
        return false // sealed with a key that this instance no longer has
      }
    }
  }
}

async function seedSagas(prisma: PrismaClient): Promise<void> {
  const definitions = createPostgresDefinitionStore(prisma)
  const files = (await readdir(SAGAS_FOLDER)).filter((file) => file.endsWith('.saga.yaml')).sort()
  for (const file of files) {
    const source = await readFile(path.join(SAGAS_FOLDER, file), 'utf8')
    const { document, issues } = parseDefinition(source)
    const findings = document && !hasErrors(issues) ? verify(document) : issues
    if (!document || hasErrors(findings))
      throw new Error(
        `prisma/sagas/${file} has errors: ${findings.map((issue) => issue.message).join(' ')}`,
      )
    if (await prisma.definition.findUnique({ where: { name: document.name } })) continue
    await definitions.publish({
      document,
      source,
      layout: await layoutBeside(file),
      digest: digestDocument(document),
      by: { kind: 'system', id: 'seed', name: 'Sagawright' },
      note: 'Comes with Sagawright',
    })
  }
}

/** `x.layout.json` beside `x.saga.yaml`; without one the drawing is laid out by itself. */
async function layoutBeside(file: string): Promise<Layout> {
  const name = path.join(SAGAS_FOLDER, file.replace(/\.saga\.yaml$/, '.layout.json'))
  const text = await readFile(name, 'utf8').catch(() => '{}')
  return layoutSchema.parse(JSON.parse(text))
}
