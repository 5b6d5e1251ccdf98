/**
 * The first hour with Sagawright, as its people live it: an analyst changes a drawing and publishes it, an operator runs it
 * against real services and watches, the Chairman decides at the gate, a service fails and the way back is seen.
 */
import { expect, type Page, test } from '@playwright/test'
import { companyName } from '../support/people'
import { signedIn } from '../support/signed-in'

const demo = () =>
  `http://127.0.0.1:${process.env.E2E_DEMO_PORT ?? Number(process.env.E2E_PORT ?? 3100) + 1}`

async function startRun(page: Page, fields: { name: string; budget: string }): Promise<void> {
  await page.goto('/runs')
  await page.getByRole('button', { name: 'Start a run' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Saga').click()
  await page.getByRole('option', { name: /Launch a venture/ }).click()
  await dialog.getByLabel('Company name').fill(fields.name)
  await dialog.getByLabel('Budget').fill(fields.budget)
  await dialog.getByRole('button', { name: 'Start', exact: true }).click()
  await page.waitForURL(/\/runs\/.+/)
}

const status = (page: Page, word: string) =>
  expect(page.locator('header').getByText(word, { exact: true }).first()).toBeVisible({
    timeout: 30_000,
  })

test('a saga is changed, published, run, approved, and undone when a service fails', async ({
  browser,
}) => {
  test.setTimeout(60_000)
  const tag = Date.now().toString(36)

  // The analyst changes the drawing and publishes it.
  const analyst = await signedIn(browser, 'ANALYST')
  await analyst.page.goto('/sagas')
  await analyst.page.getByRole('link', { name: /Launch a venture/ }).click()
  const drawing = analyst.page
    .getByRole('application')
    .or(analyst.page.locator('.react-flow'))
    .first()
  await expect(drawing).toBeVisible()
  await analyst.page
    .getByRole('button', { name: /Tell the (owner|founder)/ })
    .first()
    .click()
  const inspector = analyst.page.getByRole('complementary', { name: 'Inspector' })
  await inspector.getByLabel('Title').fill(`Tell the founder ${tag}`)
  await inspector.getByLabel('Title').press('Tab')
  await expect(analyst.page.getByText('Saved', { exact: true })).toBeVisible()
  await analyst.page.getByRole('button', { name: 'Publish', exact: true }).click()
  const publish = analyst.page.getByRole('dialog')
  await publish.getByRole('button', { name: /Publish/ }).click()
  await expect(publish).toBeHidden()

  // The operator runs it and watches it come to the gate.
  const operator = await signedIn(browser, 'OPERATOR')
  await startRun(operator.page, { name: `Gate ${tag}`, budget: '150000' })
  await expect(operator.page.getByText(`Tell the founder ${tag}`).first()).toBeVisible()
  await expect(operator.page.getByText('Approval', { exact: true }).first()).toBeVisible({
    timeout: 30_000,
  })

  // The Chairman sees what each decision would do, and continues.
  const chairman = await signedIn(browser, 'CHAIRMAN')
  await chairman.page.goto('/approvals')
  await chairman.page.getByText(`on Gate ${tag}?`).first().click()
  await chairman.page.getByRole('radio', { name: /Abort/ }).click()
  await expect(chairman.page.getByText('releaseName').first()).toBeVisible()
  await chairman.page.getByRole('radio', { name: /Continue/ }).click()
  await chairman.page.getByLabel(/Reasoning/).fill('A sound plan')
  await chairman.page.getByRole('button', { name: /^Continue/ }).click()
  await status(operator.page, 'Completed')

  // A service fails for good: the way back runs, on the drawing.
  const broken = await operator.page.request.put(`${demo()}/switches`, {
    data: { 'company-registry': { register: { failNext: 1, failKind: 'terminal' } } },
  })
  expect(broken.ok()).toBe(true)
  // a name of low risk: one in fifteen would call the Chairman
  await startRun(operator.page, { name: companyName(), budget: '4000' })
  await status(operator.page, 'Rolled back')
  await expect(operator.page.getByText(/4 steps are compensated/)).toBeVisible()
  for (const name of ['3: budget-ledger.release', '2: company-registry.releaseName'])
    await expect(operator.page.getByTitle(`Compensation ${name}`)).toContainText('Compensated')
})
