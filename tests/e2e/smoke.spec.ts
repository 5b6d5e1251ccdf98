import { expect, test } from '@playwright/test'

test('the server is healthy', async ({ request }) => {
  const response = await request.get('/api/health')
  expect(response.status()).toBe(200)
})

test('a visitor finds the sign-in page', async ({ page }) => {
  const response = await page.goto('/sign-in')
  expect(response?.status()).toBe(200)
  await expect(page.locator('body')).toHaveText(/\S/)
})
