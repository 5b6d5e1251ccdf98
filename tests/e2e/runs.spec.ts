/**
 * The operator's day: start a run, watch it, see it fail and come back, steer it, find it again.
 */
import { expect, type Page, test } from '@playwright/test'
import { apiOf, companyName, signInAs, startLaunch } from '../support/people'
import { resetSwitches, setSwitches } from '../support/switches'

let origin = ''

test.beforeEach(async ({ page, baseURL }) => {
  origin = baseURL ?? ''
  await resetSwitches()
  await signInAs(page, 'OPERATOR', origin)
})
test.afterEach(resetSwitches)

/** The status beside the page's title. */
const status = (page: Page, word: string) =>
  expect(page.locator('main > header').getByText(word, { exact: true })).toBeVisible({
    timeout: 30_000,
  })

async function openRun(page: Page, options: { budget?: number } = {}) {
  const api = await apiOf(page.context(), origin)
  const run = await startLaunch(api, options)
  await page.goto(`/runs/${run.sagaId}`)
  return { ...run, api }
}

test('starts a run from the list with the saga’s own form and follows it to its end', async ({
  page,
}) => {
  await page.goto('/runs')
  await page.getByRole('button', { name: 'Start a run' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Saga', { exact: true }).click()
  await page.getByRole('option', { name: /Launch a venture/ }).click()
  await dialog.getByLabel('Company name').fill(companyName())
  await dialog.getByRole('button', { name: 'Start', exact: true }).click()
  await page.waitForURL(/\/runs\/[^?]+/)
  await status(page, 'Completed')
  // the drawing shows it too
  await expect(page.locator('.saga-canvas')).toContainText('Done')

  await page
    .getByRole('button', { name: /Reserve the budget/ })
    .first()
    .click()
  await expect(page).toHaveURL(/step=reserveBudget/)
  const panel = page.getByRole('tabpanel')
  await expect(panel.getByRole('heading', { name: 'Reserve the budget' })).toBeVisible()
  await expect(panel.getByRole('region', { name: 'Output' })).toContainText('reservationId')
  await expect(panel.getByText('compensatable', { exact: true })).toBeVisible()
})

test('refuses an input that does not fit and says which field', async ({ page }) => {
  await page.goto('/runs?start=true')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Saga', { exact: true }).click()
  await page.getByRole('option', { name: /Launch a venture/ }).click()
  await dialog.getByLabel('Budget').fill('-5')
  await dialog.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(dialog.getByRole('alert').first()).toBeVisible()
  await expect(page).toHaveURL(/\/runs\?/)
})

test('shows a failure, why it happened, and every step of the way back', async ({ page }) => {
  await setSwitches({ 'company-registry': { register: { failNext: 1, failKind: 'terminal' } } })
  await openRun(page)
  await status(page, 'Rolled back')
  await expect(page.getByText('“Register the company” failed')).toBeVisible()
  await expect(page.getByText(/steps are compensated\. No effect is left standing/)).toBeVisible()
  await expect(page.locator('.saga-canvas')).toContainText('Compensated')

  await page.getByRole('tab', { name: 'Timeline' }).click()
  await expect(
    page.getByRole('button', { name: /^Compensation of Reserve the budget/ }),
  ).toBeVisible()

  await page.getByRole('tab', { name: /Journal/ }).click()
  await expect(page.getByText(/Register the company failed/)).toBeVisible()
  await page.getByRole('button', { name: /^Entry 1,/ }).click()
  await expect(page).toHaveURL(/seq=1/)
  await page.reload()
  await expect(page.getByRole('tab', { name: /Journal/ })).toHaveAttribute('aria-selected', 'true')
})

test('pauses and resumes with a reason, and the journal keeps it', async ({ page }) => {
  await openRun(page, { budget: 150_000 })
  await expect(page.getByText(/Waits for a decision by chairman/)).toBeVisible({ timeout: 30_000 })
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByRole('button', { name: 'Pause the run' }).click()
  await expect(page.getByText('Say why, in a few words.')).toBeVisible()
  await page.getByLabel('Reason').fill('The auditors are here')
  await page.getByRole('button', { name: 'Pause the run' }).click()
  await status(page, 'Paused')
  await expect(page.getByText('The auditors are here')).toBeVisible()

  await page.getByRole('button', { name: 'Resume' }).click()
  await page.getByLabel('Reason').fill('They left')
  await page.getByRole('button', { name: 'Resume the run' }).click()
  await status(page, 'Running')
  await page.getByRole('tab', { name: /Journal/ }).click()
  await expect(page.getByText('Resumed by Otto Perator: They left')).toBeVisible()
})

test('says why a verb cannot be used, and offers none that was not allowed', async ({ page }) => {
  await openRun(page)
  await status(page, 'Completed')
  const cancel = page.getByRole('button', { name: 'Cancel…' })
  await expect(cancel).toBeDisabled()
  await cancel.focus()
  await expect(page.getByText('The run has completed')).toBeVisible()
  await page.getByRole('button', { name: 'More' }).last().click()
  await expect(page.getByRole('menuitem', { name: /Roll back by force/ })).toContainText(
    'saga:force',
  )
})

test('keeps filters in the address, through reload and back', async ({ page }) => {
  const api = await apiOf(page.context(), origin)
  const { sagaId } = await startLaunch(api)
  await page.goto('/runs')
  await page.getByRole('searchbox').fill(sagaId)
  await expect(page).toHaveURL(new RegExp(`q=${sagaId}`))
  await expect(page.getByRole('row')).toHaveCount(2)
  await page.reload()
  await expect(page.getByRole('searchbox')).toHaveValue(sagaId)
  await expect(page.getByRole('row')).toHaveCount(2)

  await page.getByRole('tab', { name: /Failed/ }).click()
  await expect(page.getByText('No run matches')).toBeVisible()
  await page.getByRole('button', { name: 'Show all runs' }).click()
  await expect(page).toHaveURL(/\/runs$/)
})

test('announces new runs without moving the rows, and changes rows in place', async ({ page }) => {
  const api = await apiOf(page.context(), origin)
  const first = await startLaunch(api, { budget: 150_000 })
  await page.goto('/runs')
  const row = page.getByRole('row').nth(1)
  await expect(row).toContainText('Running')
  await expect(row.getByRole('link')).toHaveAttribute('href', `/runs/${first.sagaId}`)
  await expect(page.getByText('Live', { exact: true })).toBeVisible()

  await startLaunch(api, { budget: 150_000 })
  await expect(page.getByRole('button', { name: '1 new run' })).toBeVisible({ timeout: 15_000 })
  await expect(row.getByRole('link')).toHaveAttribute('href', `/runs/${first.sagaId}`)

  await api.sagas.cancel.mutate({ sagaId: first.sagaId, reason: 'test' })
  await expect(row).toContainText('Rolled back', { timeout: 15_000 })
  await page.getByRole('button', { name: '1 new run' }).click()
  await expect(page.getByRole('row').nth(2).getByRole('link')).toHaveAttribute(
    'href',
    `/runs/${first.sagaId}`,
  )
})

test('cancels several runs at once by keyboard, with the outcome of each', async ({ page }) => {
  const api = await apiOf(page.context(), origin)
  const ended = await startLaunch(api)
  await page.goto(`/runs/${ended.sagaId}`)
  await status(page, 'Completed')
  await startLaunch(api, { budget: 150_000 })
  await startLaunch(api, { budget: 150_000 })
  await page.goto('/runs')
  await expect(page.getByRole('row').nth(3)).toBeVisible()
  for (const key of ['j', 'x', 'j', 'x', 'j', 'x']) await page.keyboard.press(key)
  await expect(page.getByText('3 selected')).toBeVisible()
  await page.getByRole('button', { name: /^Cancel/ }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('1 run of the selection cannot')
  await dialog.getByLabel('Reason').fill('Wrong year')
  await dialog.getByRole('button', { name: 'Cancel 2 runs' }).click()
  await expect(page.getByRole('dialog', { name: 'Cancel: 2 of 2 runs took it' })).toBeVisible()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).first().click()
  await expect(page.getByRole('row').nth(1)).toContainText('Rolled back', { timeout: 15_000 })
})

test('finds pages, sagas and runs in the palette and explains the shortcuts', async ({ page }) => {
  await page.goto('/')
  await expect(page.getByText('Otto Perator')).toBeVisible()
  await page.keyboard.press('Control+k')
  await page.getByPlaceholder(/Go to a page/).fill('particip')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL('/participants')
  await expect(page.getByRole('heading', { name: 'Participants' })).toBeVisible()
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Shortcuts' })).toContainText(
    'Register a participant',
  )
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog', { name: 'Shortcuts' })).toBeHidden()
  await page.keyboard.press('g')
  await page.keyboard.press('a')
  await expect(page).toHaveURL(/\/approvals/)
})

test('says what is missing when a run does not exist', async ({ page }) => {
  await page.goto('/runs/no-such-run')
  await expect(page.getByText('Could not open the run no-such-run')).toBeVisible()
  await expect(page.getByRole('link', { name: 'See all runs' })).toBeVisible()
})
