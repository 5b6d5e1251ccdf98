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

test('an address that looks like a file is a page, for signed-in people only', async ({
  request,
}) => {
  const page = await request.get('/runs/x.js', { maxRedirects: 0 })
  expect(page.status()).toBe(307)
  expect(page.headers().location).toContain('/sign-in?callbackUrl=')
  expect((await request.get('/icon.svg')).headers()['content-type']).toContain('image/svg')
  const signIn = await request.get('/sign-in')
  expect(signIn.headers()['content-security-policy']).toContain('nonce-')
})
