/**
 * What an admin sets up: participants with their secrets, people with their links, keys for services.
 */
import { expect, test } from '@playwright/test'
import { linkFor, signInAs } from '../support/people'

let origin = ''
test.beforeEach(async ({ page, baseURL }) => {
  origin = baseURL ?? ''
  await signInAs(page, 'ADMIN', origin)
})

test('registers a participant, shows its secret once, checks and changes it', async ({ page }) => {
  const name = `ledger-${Date.now().toString(36)}`
  await page.goto('/participants')
  await page.getByRole('button', { name: 'Register' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Title').fill(name)
  await expect(dialog.getByLabel('Name', { exact: true })).toHaveValue(name)
  await dialog.getByRole('button', { name: 'Register' }).click()
  await expect(dialog.getByText('Say where the service listens.')).toBeVisible()
  await dialog.getByLabel('Endpoint').fill('http://127.0.0.1:59998/nobody')
  await dialog.getByLabel('Health address').fill('http://127.0.0.1:59998/health')
  await dialog.getByRole('switch', { name: /private address/ }).click()
  await dialog.getByRole('button', { name: 'Add an operation' }).click()
  await dialog.getByLabel('Name of operation 1').fill('reserve')
  await dialog.getByRole('button', { name: 'Register' }).click()

  await expect(page.getByRole('dialog', { name: `Signing secret of ${name}` })).toContainText(
    'whsec_',
  )
  await page.getByRole('button', { name: 'I have copied it' }).click()
  const row = page.getByRole('row', { name: new RegExp(name) })
  await expect(row).toContainText('1 operation')
  await row.getByRole('button', { name: `Check ${name} now` }).click()
  await expect(row).toContainText('Down', { timeout: 15_000 })

  await row.getByRole('button', { name, exact: true }).click()
  await expect(page).toHaveURL(new RegExp(`edit=${name}`))
  await page.getByRole('switch', { name: /Disabled/ }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(row).toContainText('Disabled')
})

test('makes a key that works until it is revoked', async ({ page, request }) => {
  const name = `Service ${Date.now().toString(36)}`
  await page.goto('/settings?tab=keys')
  await page.getByRole('button', { name: 'Make a key' }).first().click()
  await page.getByLabel('Name').fill(name)
  await page.getByRole('button', { name: 'Make the key' }).click()
  const shown = page.getByRole('dialog', { name: `Key for ${name}` })
  const key = (await shown.getByText(/^sgw_/).textContent()) ?? ''
  await shown.getByRole('button', { name: 'I have copied it' }).click()

  const list = () =>
    request.get(
      `${origin}/api/trpc/sagas.list?input=${encodeURIComponent('{"json":{"limit":1}}')}`,
      {
        headers: { authorization: `Bearer ${key}` },
      },
    )
  expect((await list()).status()).toBe(200)
  const row = page.getByRole('row', { name: new RegExp(name) })
  await row.getByRole('button', { name: 'Revoke…' }).click()
  await page.getByRole('button', { name: 'Revoke the key' }).click()
  await expect(row).toContainText('Revoked')
  await expect.poll(async () => (await list()).status(), { timeout: 15_000 }).toBe(401)
})

test('adds a person, and their one-time link lets them in once', async ({ browser, page }) => {
  const email = `new-${Date.now().toString(36)}@example.com`
  await page.goto('/settings?tab=people')
  await page.getByRole('button', { name: 'Add a person' }).click()
  await page.getByLabel('Name').fill('Nova Person')
  await page.getByLabel('E-mail').fill(email)
  await page.getByRole('checkbox', { name: /^Analyst/ }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  const row = page.getByRole('row', { name: new RegExp(email) })
  await row.getByRole('button', { name: /Make a sign-in link/ }).click()
  const link = await page
    .getByRole('dialog', { name: /Sign-in link/ })
    .getByText(/^http/)
    .textContent()

  const theirs = await browser.newContext()
  const visitor = await theirs.newPage()
  await visitor.goto(link ?? '')
  await expect(visitor.getByText('Nova Person')).toBeVisible({ timeout: 20_000 })
  await visitor.goto('/settings?tab=people'.replace(/^/, origin))
  await expect(visitor.getByText('People are for admins')).toBeVisible()
  await theirs.close()

  const again = await browser.newContext()
  const second = await again.newPage()
  await second.goto(link ?? '')
  await expect(second.getByText(/used already or has expired/)).toBeVisible()
  await again.close()
})

test('signs out, and what was asked for opens after signing in again', async ({ page }) => {
  await page.goto('/settings?tab=system')
  await expect(page.getByText('All well')).toBeVisible()
  await page.getByRole('tab', { name: 'You' }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await page.goto('/participants')
  await expect(page).toHaveURL(/sign-in\?callbackUrl=%2Fparticipants/)
  await page.getByLabel('E-mail').fill('admin@sagawright.local')
  await page.getByLabel('Password').fill('certainly-not-it')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByText('E-mail or password is wrong.')).toBeVisible()
  await page.goto(`${await linkFor('ADMIN', origin)}&callbackUrl=%2Fparticipants`)
  await expect(page).toHaveURL(/\/participants$/)
})
