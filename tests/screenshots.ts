/**
 * `npm run screenshots`: one PNG per page, theme and width under screenshots/, for people to judge.
 *
 *   npm run screenshots                       starts a server of its own, on data of its own
 *   npm run screenshots -- --url URL --link LINK   uses a running one; LINK is a one-time sign-in link of an admin
 *   npm run screenshots -- --only runs        only the pages whose route contains the word
 *
 * The pages are those of app/, so that none is forgotten. A route with parameters, or a view that the address opens, is
 * shown at the first links to it that the other pages hold; a page that nothing leads to is a failure.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Browser, type BrowserContext, chromium, type Page } from '@playwright/test'
import { createPrisma } from '@/runtime/postgres/prisma'
import { databaseUrl } from '@/server/launch/database.mjs'
import { signInLinks } from '@/server/seed'
import { runSomeSagas } from './support/busy'
import { CHROMIUM_ARGS, needChromium } from './support/chromium.mjs'

const root = path.resolve(import.meta.dirname, '..')
const folder = path.join(root, 'screenshots')
const DATA = path.join(root, '.data/screenshots')
const PORT = Number(process.env.SCREENSHOTS_PORT ?? 3120)
const THEMES = ['dark', 'light'] as const
const WIDTHS = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]
/** A route is shown at most this often: runs, for one, look different in each state. */
const EXAMPLES_MAX = 8

const { values } = parseArgs({
  options: { url: { type: 'string' }, link: { type: 'string' }, only: { type: 'string' } },
})
await main()

async function main(): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const server = values.url ? null : await startServer()
  const origin = values.url ?? `http://127.0.0.1:${PORT}`
  try {
    const browser = await chromium.launch({
      executablePath: await needChromium(),
      args: CHROMIUM_ARGS,
    })
    const context = await browser.newContext({ baseURL: origin, viewport: WIDTHS[0] ?? null })
    await signIn(context, values.link ?? (await adminLink(origin)))
    if (!values.url)
      await runSomeSagas(origin, await cookieOf(context), `http://127.0.0.1:${PORT + 1}`)
    const places = await findPlaces(context)
    const wanted = places.filter(({ route }) => route.includes(values.only ?? ''))
    for (const place of wanted) await shoot(browser, context, place)
    await browser.close()
    console.log(`${wanted.length} pages in ${folder}`)
  } finally {
    if (server) await stopServer(server)
  }
}

interface Place {
  /** As in app/, e.g. `/runs/[id]`. */
  route: string
  /** Names the file. */
  name: string
  url: string
  /** Seen by somebody who is not signed in. */
  signedOut: boolean
}

/** Every route of app/ that is a page, with an address to see it at. */
async function findPlaces(context: BrowserContext): Promise<Place[]> {
  const routes = routesBelow(path.join(root, 'app'))
  const fixed = routes.filter((route) => !route.includes('['))
  const places: Place[] = fixed.map((route) => ({
    route,
    name: nameOf(route),
    url: route,
    signedOut: route.startsWith('/sign-in'),
  }))
  const page = await context.newPage()
  // pages found by links hold links themselves
  const queue = places.filter((place) => !place.signedOut).map((place) => place.url)
  const seen = new Set(queue)
  const views = new Set<string>()
  for (let url = queue.shift(); url !== undefined; url = queue.shift()) {
    await settle(page, url)
    const hrefs = await page.$$eval('a[href^="/"]', (links) =>
      links.map((link) => (link as HTMLAnchorElement).href),
    )
    for (const { pathname, search, searchParams } of hrefs.map((href) => new URL(href))) {
      const route = routes.find((one) => matches(one, pathname))
      if (!route || seen.has(pathname + search)) continue
      seen.add(pathname + search)
      // a view that the address opens (a tab, a selection) counts once, whatever its values
      const keys = [...searchParams.keys()].sort().join('-')
      if (keys && views.has(`${route} ${keys}`)) continue
      const examples = places.filter((place) => place.route === route).length
      if (examples >= EXAMPLES_MAX) continue
      views.add(`${route} ${keys}`)
      const name = `${nameOf(route)}-${keys || examples + 1}`
      const place = { route, name, url: pathname + search, signedOut: false }
      queue.push(place.url)
      places.push(place)
    }
  }
  await page.close()
  const lost = routes.filter((route) => !places.some((place) => place.route === route))
  if (lost.length > 0) throw new Error(`No page has a link to ${lost.join(', ')}`)
  return places
}

async function shoot(browser: Browser, context: BrowserContext, place: Place): Promise<void> {
  const storageState = place.signedOut ? undefined : await context.storageState()
  for (const theme of THEMES)
    for (const viewport of WIDTHS) {
      const view = await browser.newContext({
        baseURL: values.url ?? `http://127.0.0.1:${PORT}`,
        viewport,
        colorScheme: theme,
        reducedMotion: 'reduce',
        ...(storageState ? { storageState } : {}),
      })
      const page = await view.newPage()
      await settle(page, place.url)
      const file = `${place.name}-${theme}-${viewport.width}.png`
      await page.screenshot({ path: path.join(folder, file) })
      console.log(file)
      await view.close()
    }
}

/** Opens a page and waits until nothing loads; pages with an open stream never go idle, so by what they show. */
async function settle(page: Page, url: string): Promise<void> {
  const response = await page.goto(url, { waitUntil: 'load' })
  if (!response?.ok()) throw new Error(`${url} answered ${response?.status()}`)
  await page.waitForFunction(() => document.fonts.status === 'loaded')
  let last = ''
  for (let same = 0; same < 3; ) {
    await delay(250)
    const now = await page.evaluate(
      () => `${document.body.textContent.length} ${document.querySelectorAll('*').length}`,
    )
    same = now === last ? same + 1 : 0
    last = now
  }
}

async function signIn(context: BrowserContext, link: string): Promise<void> {
  const page = await context.newPage()
  await page.goto(link)
  // a page that wants a click before the link is used
  const button = page.getByRole('button').first()
  await Promise.race([
    page.waitForURL((url) => !url.pathname.startsWith('/sign-in'), { timeout: 30_000 }),
    button.click({ timeout: 10_000 }).catch(() => {}),
  ])
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'), { timeout: 30_000 })
  await page.close()
}

async function cookieOf(context: BrowserContext): Promise<string> {
  return (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
}

async function adminLink(origin: string): Promise<string> {
  const url = databaseUrl(values.url ? undefined : DATA)
  if (!url) throw new Error('Give --link, a one-time sign-in link: npx sagawright link admin')
  const prisma = createPrisma(url)
  try {
    const links = await signInLinks(prisma, origin)
    const admin = links.find(({ role }) => role === 'ADMIN')
    if (!admin) throw new Error('No admin is seeded')
    return admin.url
  } finally {
    await prisma.$disconnect()
  }
}

function routesBelow(dir: string, route = ''): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'page.tsx') return [route || '/']
    if (!entry.isDirectory() || entry.name === 'api' || entry.name.startsWith('_')) return []
    const group = entry.name.startsWith('(')
    return routesBelow(path.join(dir, entry.name), group ? route : `${route}/${entry.name}`)
  })
}

function matches(route: string, href: string): boolean {
  const parts = route.split('/')
  const given = href.split('/')
  return (
    parts.length === given.length &&
    parts.every((part, i) => (part.startsWith('[') ? given[i] !== '' : part === given[i]))
  )
}

function nameOf(route: string): string {
  if (route === '/') return 'overview'
  return route.slice(1).replaceAll(/[[\]]/g, '').replaceAll('/', '-')
}

async function startServer(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['tests/support/e2e-server.mjs'], {
    cwd: root,
    env: {
      ...process.env,
      PORT: String(PORT),
      DEMO_PORT: String(PORT + 1),
      SAGAWRIGHT_DATA: DATA,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  for (;;) {
    if (child.exitCode !== null) throw new Error('The server did not start (see above)')
    const answer = await fetch(`http://127.0.0.1:${PORT}/api/health`).catch(() => null)
    if (answer?.ok) return child
    await delay(250)
  }
}

async function stopServer(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await exited
}
