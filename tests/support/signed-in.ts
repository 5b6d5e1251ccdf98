/**
 * Browser contexts that are signed in as one of the seeded people, through a one-time link like the ones `npm start`
 * prints. For browser tests: the server and its data folder are those of playwright.config.ts.
 */
import type { Browser, BrowserContext, Page } from '@playwright/test'
import { createPrisma } from '@/runtime/postgres/prisma'
import { databaseUrl } from '@/server/launch/database.mjs'
import { signInLinks } from '@/server/seed'

export type Who = 'ANALYST' | 'OPERATOR' | 'CHAIRMAN' | 'ADMIN'

const origin = () => `http://127.0.0.1:${process.env.E2E_PORT ?? 3100}`
const data = () => process.env.E2E_DATA ?? '.data/e2e'

/** A new context of that person's, and its first page, which shows the overview. */
export async function signedIn(
  browser: Browser,
  who: Who,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({
    baseURL: origin(),
    viewport: { width: 1440, height: 900 },
    ...options,
  })
  const page = await context.newPage()
  await page.goto(await linkOf(who))
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'), { timeout: 30_000 })
  return { context, page }
}

async function linkOf(who: Who): Promise<string> {
  const url = databaseUrl(data())
  if (!url) throw new Error(`No server runs on ${data()}`)
  const prisma = createPrisma(url)
  try {
    const link = (await signInLinks(prisma, origin())).find(({ role }) => role === who)
    if (!link) throw new Error(`Nobody with the role ${who} is seeded`)
    return link.url
  } finally {
    await prisma.$disconnect()
  }
}
