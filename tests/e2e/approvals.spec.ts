/**
 * The Chairman's gate: see what each decision would do, give the reason, decide; and what happens when somebody else was
 * faster.
 */
import { type BrowserContext, expect, type Page, test } from '@playwright/test'
import { apiOf, signInAs, startLaunch } from '../support/people'
import { resetSwitches } from '../support/switches'

let origin = ''
let operator: BrowserContext

test.beforeAll(async ({ browser, baseURL }) => {
  origin = baseURL ?? ''
  await resetSwitches()
  operator = await browser.newContext({ baseURL: origin })
  const page = await operator.newPage()
  await signInAs(page, 'OPERATOR', origin)
  await page.close()
})
test.afterAll(async () => operator.close())

/** A launch that waits at its gate, opened in the Chairman's browser. */
async function openGate(page: Page) {
  await signInAs(page, 'CHAIRMAN', origin)
  const api = await apiOf(operator, origin)
  const { sagaId, company } = await startLaunch(api, { budget: 200_000 })
  await expect
    .poll(async () => (await api.approvals.list.query({ sagaId })).items.length, {
      timeout: 30_000,
    })
    .toBe(1)
  const gate = (await api.approvals.list.query({ sagaId })).items[0]
  if (!gate) throw new Error(`Saga ${sagaId} has no gate`)
  await page.goto(`/approvals?gate=${encodeURIComponent(gate.gateId)}`)
  await expect(page.getByRole('heading', { name: new RegExp(company) })).toBeVisible()
  return { api, sagaId, gate, company }
}

const statusOf = async (api: Awaited<ReturnType<typeof apiOf>>, sagaId: string) =>
  (await api.sagas.get.query({ sagaId })).status

test('shows the question, what is known, the deadline and the run at the gate', async ({
  page,
}) => {
  const { company } = await openGate(page)
  await expect(page.getByRole('heading', { name: `Spend 200000 EUR on ${company}?` })).toBeVisible()
  await expect(page.getByText('Risk score')).toBeVisible()
  await expect(page.getByText('At zero the saga is aborted and compensated.')).toBeVisible()
  await expect(page.getByText(/23 h 59 min.* left/).first()).toBeVisible()
  await expect(page.locator('.saga-canvas')).toContainText('Approval')
})

test('aborts with the computed compensations, asks for a reason, and it happens as shown', async ({
  page,
}) => {
  const { api, sagaId } = await openGate(page)
  await page.getByRole('radio', { name: /^Abort/ }).check()
  const rail = page.getByRole('complementary', { name: 'Decision' })
  await expect(rail).toContainText('Undoes, in this order')
  await expect(rail).toContainText('Reserve the budget · budget-ledger.release')
  await expect(rail).toContainText('Rolled back')
  const verb = rail.getByRole('button', { name: 'Abort and compensate 3 steps' })
  await verb.click()
  await expect(rail.getByText('Say why. The reason is kept with the decision.')).toBeVisible()

  await rail.getByLabel('Reasoning').fill('The founders withdrew')
  await verb.click()
  await expect(page.getByText('Decided: Abort and compensate 3 steps')).toBeVisible()
  await expect.poll(() => statusOf(api, sagaId), { timeout: 30_000 }).toBe('ROLLED_BACK')
  await page.goto(`/runs/${sagaId}`)
  await expect(page.getByText('Turned back at the gate by Cher Mann')).toBeVisible()

  await page.goto('/approvals?tab=history')
  await expect(page.getByRole('row').nth(1)).toContainText('The founders withdrew')
})

test('continues by keyboard alone, with conditions', async ({ page }) => {
  // the drawing, which has a use for the numbers too, comes last
  await page.route(/sagas\.get/, async (route) => {
    await page.getByRole('radio', { name: /^Continue/ }).waitFor()
    await route.continue()
  })
  const { api, sagaId } = await openGate(page)
  await expect(page.locator('.saga-canvas')).toContainText('Approval')
  await page.keyboard.press('1')
  await expect(page.getByRole('radio', { name: /^Continue/ })).toBeChecked()
  await page.keyboard.press('Tab')
  await expect(page.getByLabel('Reasoning')).toBeFocused()
  await page.keyboard.type('Within the plan')
  await page.getByRole('button', { name: 'Add a condition' }).press('Enter')
  await page.keyboard.type('Report the spending monthly')
  await page.keyboard.press('Control+Enter')
  await expect(page.getByText(/^Decided: Continue/)).toBeVisible()
  await expect.poll(() => statusOf(api, sagaId), { timeout: 30_000 }).toBe('COMPLETED')
  const { items } = await api.approvals.history.query({ sagaId })
  expect(items[0]).toMatchObject({
    decision: 'CONTINUE',
    reasoning: 'Within the plan',
    conditions: ['Report the spending monthly'],
    decidedByName: 'Cher Mann',
  })
})

test('forces nothing on a short reason', async ({ page }) => {
  const { api, sagaId } = await openGate(page)
  await page.getByRole('radio', { name: /^Force compensation/ }).check()
  await page.getByLabel('Reasoning').fill('too short')
  await page.getByRole('button', { name: /^Force compensation of/ }).click()
  await expect(page.getByText(/at least 20 characters \(9 so far\)/)).toBeVisible()
  expect(await statusOf(api, sagaId)).toBe('RUNNING')
})

test('does nothing when somebody else was faster, and shows what became of the gate', async ({
  browser,
  page,
}) => {
  // this browser hears nothing of what follows: neither by a stream that is open before, nor by asking again
  await page.route(/sagas\.(feed|live)/, (route) => route.abort())
  const { api, sagaId } = await openGate(page)
  await page.getByRole('radio', { name: /^Pause/ }).check()
  await page.getByLabel('Reasoning').fill('Let us think')
  await page.route(/approvals\.(get|list)/, (route) => route.abort())

  const other = await browser.newContext({ baseURL: origin })
  const second = await other.newPage()
  await signInAs(second, 'CHAIRMAN', origin)
  const chairman = await apiOf(other, origin)
  const preview = await chairman.approvals.list.query({ sagaId })
  const gate = await chairman.approvals.get.query({ gateId: preview.items[0]?.gateId ?? '' })
  await chairman.approvals.decide.mutate({
    sagaId,
    step: gate.step,
    decision: 'CONTINUE',
    reasoning: 'Go',
    conditions: [],
    seenSeq: gate.preview?.seq ?? 0,
  })
  await other.close()

  // it may ask again once it has decided: before that, an answer would take the button away
  await page.route(/approvals\.decide/, async (route) => {
    await page.unroute(/approvals\.(get|list)/)
    await route.continue()
  })
  await page.getByRole('button', { name: 'Pause the saga' }).click()
  await expect(page.getByText('Cher Mann decided: continue')).toBeVisible()
  await expect.poll(() => statusOf(api, sagaId), { timeout: 30_000 }).toBe('COMPLETED')
})

test('lets nobody decide who may not, and says why', async () => {
  const page = await operator.newPage()
  const api = await apiOf(operator, origin)
  const { sagaId } = await startLaunch(api, { budget: 200_000 })
  await expect
    .poll(async () => (await api.approvals.list.query({ sagaId })).items.length, {
      timeout: 30_000,
    })
    .toBe(1)
  const gate = (await api.approvals.list.query({ sagaId })).items[0]
  await page.goto(`/approvals?gate=${encodeURIComponent(gate?.gateId ?? '')}`)
  await expect(page.getByRole('radio', { name: /^Continue/ })).toBeDisabled()
  await expect(page.getByText(gate?.mayNotDecide ?? 'a reason is given').first()).toBeVisible()
  await page.close()
})

test('works on a phone: list, case, decision in a sheet', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 })
  const { api, sagaId, company } = await openGate(page)
  await page.getByRole('button', { name: 'All gates' }).click()
  await page.getByRole('button', { name: new RegExp(company) }).click()
  await page.getByRole('button', { name: 'Decide…' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('radio', { name: /^Continue/ }).check()
  await sheet.getByRole('button', { name: /^Continue/ }).click()
  await expect(page.getByText(/^Decided: Continue/)).toBeVisible()
  await expect.poll(() => statusOf(api, sagaId), { timeout: 30_000 }).toBe('COMPLETED')
})
