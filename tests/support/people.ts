/**
 * The seeded people, for browser tests: signs a browser in by a one-time link and gives the API with its session.
 */
import path from 'node:path'
import type { BrowserContext, Page } from '@playwright/test'
import { createTRPCClient, httpLink, type TRPCClient } from '@trpc/client'
import { createPrisma } from '@/runtime/postgres/prisma'
import type { AppRouter } from '@/server/api/root'
import { wireFormat } from '@/server/api/wire-format'
import type { Role } from '@/server/auth/permissions'
import { createSignInLink } from '@/server/auth/sign-in-links'
import { riskScore } from '@/server/demo/services/compliance'
import { databaseUrl } from '@/server/launch/database.mjs'

const data = path.resolve(process.env.E2E_DATA ?? '.data/e2e')

/** Opens the link as a person would, and waits until it has led somewhere. */
export async function signInAs(page: Page, role: Role, baseURL: string): Promise<void> {
  await page.goto(await linkFor(role, baseURL))
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'))
}

/** A fresh one-time link. */
export async function linkFor(role: Role, baseURL: string): Promise<string> {
  const url = databaseUrl(data)
  if (!url) throw new Error(`There is no database under ${data}; give E2E_DATA`)
  const prisma = createPrisma(url)
  try {
    const email = `${role.toLowerCase()}@sagawright.local`
    const user = await prisma.user.findUniqueOrThrow({ where: { email } })
    const link = await createSignInLink(prisma, { userId: user.id, origin: baseURL })
    return link.url
  } finally {
    await prisma.$disconnect()
  }
}

/** The API, called with the session of a signed-in browser. */
export async function apiOf(
  context: BrowserContext,
  baseURL: string,
): Promise<TRPCClient<AppRouter>> {
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
  return createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: `${baseURL}/api/trpc`,
        headers: { cookie, origin: baseURL },
        transformer: wireFormat,
      }),
    ],
  })
}

/** Nobody has it yet (the registry refuses doubles), and its risk alone does not call the Chairman. */
export function companyName(): string {
  for (;;) {
    const name = `Test ${Date.now().toString(36)} ${Math.random().toString(36).slice(2, 7)}`
    if (riskScore(name) <= 60) return name
  }
}

/** A launch; from a budget of 100,000 on it stops at the Chairman's gate. */
export async function startLaunch(
  api: TRPCClient<AppRouter>,
  { budget = 50_000 }: { budget?: number } = {},
): Promise<{ sagaId: string; company: string }> {
  const company = companyName()
  const { sagaId } = await api.sagas.start.mutate({
    definition: 'venture-launch',
    input: { ventureId: company.replaceAll(' ', '-').toLowerCase(), name: company, budget },
  })
  return { sagaId, company }
}
