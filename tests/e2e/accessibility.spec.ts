/**
 * WCAG 2.2 AA on every page, in both themes, by axe. What axe cannot see (order, meaning, keys) the other stories use.
 */
import { createRequire } from 'node:module'
import { expect, type Page, test } from '@playwright/test'
import type { AxeResults } from 'axe-core'
import { apiOf, signInAs, startLaunch } from '../support/people'
import { resetSwitches, setSwitches } from '../support/switches'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
/** Not the rules that axe itself calls experimental. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

const PAGES = [
  '/',
  '/runs',
  '/runs?start=true',
  '/runs/RUN',
  '/runs/RUN?step=reserveBudget',
  '/runs/RUN?tab=timeline',
  '/runs/RUN?tab=journal',
  '/runs/RUN?tab=children',
  '/approvals?decision=ABORT',
  '/approvals?tab=history',
  '/participants',
  '/participants?edit=_new',
  '/settings',
  '/settings?tab=people',
  '/settings?tab=keys',
  '/settings?tab=system',
  '/no-such-page',
]

for (const theme of ['dark', 'light'] as const) {
  // our policy lets only the page's own scripts run; axe is a guest
  test.describe(`in the ${theme} theme`, () => {
    test.use({ colorScheme: theme, bypassCSP: true, contextOptions: { reducedMotion: 'reduce' } })

    test('signing in is accessible', async ({ page }) => {
      await page.goto('/sign-in')
      await check(page)
      await page.goto('/sign-in/link?token=spent')
      await expect(page.getByRole('heading', { name: 'This link does not work' })).toBeVisible()
      await check(page)
    })

    test('every page is accessible', async ({ page, baseURL }) => {
      test.setTimeout(180_000)
      const origin = baseURL ?? ''
      await signInAs(page, 'ADMIN', origin)
      const api = await apiOf(page.context(), origin)
      await resetSwitches()
      await setSwitches({ 'company-registry': { register: { failNext: 1, failKind: 'terminal' } } })
      const { sagaId } = await startLaunch(api)
      await startLaunch(api, { budget: 150_000 })
      await expect
        .poll(async () => (await api.sagas.get.query({ sagaId })).status, { timeout: 30_000 })
        .toBe('ROLLED_BACK')
      for (const path of PAGES) {
        await test.step(path, async () => {
          await page.goto(path.replace('RUN', sagaId))
          await expect(page.locator('main')).not.toBeEmpty()
          await check(page)
        })
      }
      await page.goto('/runs')
      await expect(page.getByText('Live', { exact: true })).toBeVisible()
      await page.keyboard.press('Control+k')
      await expect(page.getByPlaceholder(/Go to a page/)).toBeVisible()
      await check(page)
    })
  })
}

async function check(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector('.animate-appear') === null)
  await page.addScriptTag({ path: axe })
  const results = await page.evaluate(
    async (tags): Promise<AxeResults> =>
      (
        window as unknown as {
          axe: { run(where: Document, how: unknown): Promise<AxeResults> }
        }
      ).axe.run(document, {
        runOnly: { type: 'tag', values: tags },
        rules: { 'label-content-name-mismatch': { enabled: false } },
      }),
    TAGS,
  )
  const found = results.violations.map(({ id, help, nodes }) => ({
    id,
    help,
    at: nodes.slice(0, 5).map((node) => `${node.target.join(' ')}: ${node.failureSummary}`),
  }))
  expect.soft(found, page.url()).toEqual([])
}
