/**
 * The analyst's story: a saga is opened, changed by mouse, by keyboard, in a form and in the code; everything can be
 * undone to the very same text; two tabs cannot lose each other's work; what is published is what is seen.
 */
import { type Browser, expect, type Page, test } from '@playwright/test'
import { signedIn } from '../support/signed-in'

let analyst: Awaited<ReturnType<typeof signedIn>>

test.beforeAll(async ({ browser }: { browser: Browser }) => {
  analyst = await signedIn(browser, 'ANALYST')
})
test.afterAll(async () => {
  await analyst.context.close()
})

const MOD = 'Control'
const step = (page: Page, name: RegExp | string) =>
  page.locator('.saga-canvas').getByRole('button', { name })
const inspector = (page: Page) => page.getByRole('complementary', { name: 'Inspector' })

/** The layout engine has answered; nothing moves by itself any more. */
const settled = (page: Page) =>
  expect(page.locator('.saga-canvas')).toHaveAttribute('data-settled', 'true', { timeout: 20_000 })

/** A saga of its own for each test, so that none depends on what another left. */
async function create(page: Page, template: string): Promise<string> {
  const title = `Test ${Date.now().toString(36)}${Math.floor(Math.random() * 1000)}`
  await page.goto('/sagas')
  await page.getByRole('button', { name: 'Create a saga' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Title').fill(title)
  await dialog.getByText(template, { exact: true }).click()
  await dialog.getByRole('button', { name: 'Create', exact: true }).click()
  await page.waitForURL(/\/sagas\/test-/)
  await settled(page)
  return new URL(page.url()).pathname
}

/** The draft as the server has it. */
async function draftOf(page: Page, path: string): Promise<string> {
  const name = path.split('/').at(-1) ?? ''
  const input = encodeURIComponent(JSON.stringify({ json: { name } }))
  const response = await page.request.get(`/api/trpc/definitions.get?input=${input}`)
  const body = (await response.json()) as {
    result: { data: { json: { draft: { source: string } } } }
  }
  return body.result.data.json.draft.source
}

/** Puts the pointer on an arrow and presses its plus. */
async function insertOn(page: Page, edge: string): Promise<void> {
  const plus = page.locator(`[data-plus="${edge}"] .saga-plus-hit`)
  await plus.hover({ force: true })
  await plus.click({ force: true })
}

test('inserts by mouse and by keyboard, edits in form and code, and undoes all of it', async () => {
  const { page } = analyst
  const path = await create(page, 'Hold, commit, tell')
  const before = await draftOf(page, path)

  // by mouse, on an arrow
  await insertOn(page, 'reserveName→next')
  await page.getByPlaceholder(/Insert a step here/).fill('wait')
  await page.getByRole('option', { name: /^Wait/ }).click()
  await expect(step(page, /, Wait, timer/)).toBeVisible()
  await expect.poll(() => draftOf(page, path)).toContain('next: wait')
  // comments stay where they are
  expect(await draftOf(page, path)).toContain('# Until the pivot, everything can be undone.')

  // by keyboard alone, after the step that has the focus
  await step(page, /Tell the owner/).click()
  await page.keyboard.press('a')
  await page.keyboard.type('approval')
  await page.keyboard.press('Enter')
  await expect(step(page, /Approval, approval gate/)).toBeVisible()

  // in the form
  await step(page, /Register the company/).click()
  const title = inspector(page).getByLabel('Title')
  await title.fill('Register it for good')
  await title.press('Enter')
  await expect(step(page, /Register it for good/)).toBeVisible()

  // in the code
  await page.getByRole('button', { name: 'Split' }).click()
  await expect(page).toHaveURL(/view=split/)
  const code = page.getByTestId('code-view')
  await expect(code.locator('.view-lines')).toContainText('Register it for good')
  await code.locator('.view-lines').click()
  await page.keyboard.press(`${MOD}+End`)
  await page.keyboard.type('# a last word')
  await expect.poll(() => draftOf(page, path)).toContain('# a last word')

  // one history for all of it: the first press in the code, the others on the canvas
  await page.keyboard.press(`${MOD}+z`)
  await expect(code.locator('.view-lines')).not.toContainText('# a last word')
  await step(page, /Register it for good/).click()
  const undo = page.getByRole('button', { name: /^Undo/ })
  for (let n = 0; n < 30; n++) {
    if ((await undo.getAttribute('aria-label')) === 'Undo') break
    await page.keyboard.press(`${MOD}+z`)
  }
  await expect.poll(() => draftOf(page, path), { timeout: 20_000 }).toBe(before)
  await expect(step(page, /, Wait, timer/)).toHaveCount(0)
})

test('keeps the last good drawing while the code is broken, and says where', async () => {
  const { page } = analyst
  await create(page, 'Hold, commit, tell')
  await page.getByRole('button', { name: 'Split' }).click()
  const code = page.getByTestId('code-view')
  await code.locator('.view-lines').click()
  await page.keyboard.press(`${MOD}+Home`)
  await page.keyboard.type('oops: [')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert').filter({ hasText: 'The code has' })).toBeVisible()
  await expect(page.locator('.saga-canvas')).toHaveAttribute('data-stale', 'true')
  await expect(page.locator('.react-flow__node-step')).toHaveCount(3)
  const undo = page.getByRole('button', { name: /^Undo/ })
  for (let n = 0; n < 20 && (await undo.getAttribute('aria-label')) !== 'Undo'; n++) {
    await page.keyboard.press(`${MOD}+z`)
  }
  await expect(page.locator('.saga-canvas')).not.toHaveAttribute('data-stale', 'true')
})

test('selects in the code what is selected on the canvas, and the other way round', async () => {
  const { page } = analyst
  await create(page, 'Hold, commit, tell')
  await page.getByRole('button', { name: 'Split' }).click()
  const code = page.getByTestId('code-view')
  await expect(code.locator('.view-lines')).toBeVisible()
  await step(page, /Register the company/).click()
  await expect(page).toHaveURL(/step=register/)
  await expect(code.locator('.code-step').first()).toBeVisible()
  await code.locator('.view-line', { hasText: 'Reserve the name' }).click()
  await expect(page).toHaveURL(/step=reserveName/)
  await expect(inspector(page).getByRole('heading', { name: 'Reserve the name' })).toBeVisible()
})

test('connects, moves, copies and deletes by keyboard alone', async () => {
  const { page } = analyst
  const path = await create(page, 'Ask before spending')
  await step(page, /Ask the Chairman/).click()
  await page.keyboard.press('Delete')
  await expect(step(page, /Ask the Chairman/)).toHaveCount(0)
  await page.keyboard.press(`${MOD}+z`)
  await expect(step(page, /Ask the Chairman/)).toBeVisible()

  await step(page, /Reserve the money/).click()
  await page.keyboard.press('ArrowDown')
  await expect(step(page, /Is it much/)).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await expect(step(page, /Ask the Chairman/)).toBeFocused()
  await page.keyboard.press(`${MOD}+d`)
  await expect(step(page, /Ask the Chairman/)).toHaveCount(2)
  await page.keyboard.press(`${MOD}+z`)
  await expect(step(page, /Ask the Chairman/)).toHaveCount(1)

  await step(page, /Spend the money/).click()
  await page.keyboard.press(`${MOD}+ArrowRight`)
  await expect(page.getByRole('button', { name: /^Undo: Move/ })).toBeVisible()
  await page.keyboard.press('n')
  await page.keyboard.type('end')
  await page.keyboard.press('Enter')
  await expect(step(page, /, Done, end/)).toBeVisible()
  await step(page, /Spend the money/).click()
  await page.keyboard.press('c')
  await page.keyboard.press('Enter')
  await expect.poll(() => draftOf(page, path)).toMatch(/next: done/)
})

test('cannot lose work when two tabs edit one draft', async () => {
  const { page, context } = analyst
  const path = await create(page, 'Hold, commit, tell')
  const other = await context.newPage()
  await other.goto(path)
  await expect(step(other, /Reserve the name/)).toBeVisible()

  await step(page, /Reserve the name/).click()
  await inspector(page).getByLabel('Title').fill('Reserve it here')
  await expect.poll(() => draftOf(page, path)).toContain('Reserve it here')
  // the second tab still has the old text, and changes another place
  await step(other, /Tell the owner/).click()
  await inspector(other).getByLabel('Title').fill('Tell them there')
  const dialog = other.getByRole('dialog')
  await expect(dialog.getByText('This saga was changed elsewhere')).toBeVisible({ timeout: 15_000 })
  expect(await draftOf(page, path)).toContain('Reserve it here')
  expect(await draftOf(page, path)).not.toContain('Tell them there')

  await dialog.getByRole('button', { name: 'Save the merge' }).click()
  await expect.poll(() => draftOf(page, path)).toContain('Tell them there')
  expect(await draftOf(page, path)).toContain('Reserve it here')
  await other.close()
})

test('keeps what was typed without a connection, and saves it when there is one again', async () => {
  const { page, context } = analyst
  const path = await create(page, 'Hold, commit, tell')
  await context.setOffline(true)
  await step(page, /Tell the owner/).click()
  await inspector(page).getByLabel('Title').fill('Tell them later')
  await expect(page.getByTestId('save-state')).toHaveText('Offline, kept in this browser', {
    timeout: 15_000,
  })
  await context.setOffline(false)
  await expect.poll(() => draftOf(page, path), { timeout: 20_000 }).toContain('Tell them later')
})

test('lists problems with their place and a fix, and mends one', async () => {
  const { page } = analyst
  await create(page, 'Hold, commit, tell')
  await step(page, /Reserve the name/).click()
  await inspector(page).getByRole('button', { name: 'Remove the compensation' }).click()
  await expect(step(page, /Reserve the name.*compensation missing/)).toBeVisible()
  await page.getByRole('button', { name: /Show the problems/ }).click()
  const problems = page.getByRole('region', { name: 'Problems' })
  const row = problems.getByRole('listitem').filter({ hasText: 'compensation/missing' })
  await expect(row).toBeVisible()
  await row.getByRole('button').nth(1).click()
  await expect(row).toHaveCount(0)
})

test('publishes, lists the version, and puts it back as draft', async () => {
  const { page } = analyst
  const path = await create(page, 'Hold, commit, tell')
  await page.getByRole('button', { name: 'Publish', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Note').fill('The first one')
  await dialog.getByRole('button', { name: 'Publish', exact: true }).click()
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('link', { name: 'v1' })).toBeVisible()

  await step(page, /Tell the owner/).click()
  await inspector(page).getByLabel('Title').fill('Tell somebody')
  await expect.poll(() => draftOf(page, path)).toContain('Tell somebody')
  await page.getByRole('link', { name: 'v1 + draft' }).click()
  await page.waitForURL(/versions/)
  await expect(page.getByText('The first one')).toBeVisible()
  await expect(step(page, /Tell the owner/)).toBeVisible()
  await page.getByRole('link', { name: 'Restore as draft' }).click()
  await expect(step(page, /Tell the owner/)).toBeVisible()
  await expect.poll(() => draftOf(page, path)).not.toContain('Tell somebody')
})

test('edits the input schema in the form, and the server says what is wrong with it', async () => {
  const { page } = analyst
  const path = await create(page, 'Hold, commit, tell')
  await page.locator('.react-flow__pane').click({ position: { x: 20, y: 200 } })
  const schema = inspector(page).getByLabel('JSON Schema')
  await schema.fill('{"type":"object","properties":{"city":{"type":"string"}}}')
  await expect.poll(() => draftOf(page, path)).toContain('city')
  await expect(inspector(page).getByText(/Content Security Policy/)).toHaveCount(0)

  await schema.fill('{"type":"objekt"}')
  await expect(inspector(page).getByText(/not a valid JSON Schema/)).toBeVisible()
  await schema.fill('{"type":"object"}')
  await expect(inspector(page).getByText(/not a valid JSON Schema/)).toHaveCount(0)
})

test('copies what a lasso has caught', async () => {
  const { page } = analyst
  await create(page, 'Hold, commit, tell')
  // a person's last click has left a caret in some text
  await page.getByRole('heading').first().click()
  const first = await step(page, /Reserve the name/).boundingBox()
  const last = await step(page, /Register the company/).boundingBox()
  if (!first || !last) throw new Error('The steps are not in view')
  await page.keyboard.down('Shift')
  await page.mouse.move(first.x - 30, first.y - 20)
  await page.mouse.down()
  await page.mouse.move(last.x + last.width / 2, last.y + last.height / 2, { steps: 5 })
  await page.mouse.move(last.x + last.width + 10, last.y + last.height + 10, { steps: 5 })
  await page.mouse.up()
  await page.keyboard.up('Shift')
  await expect(page.locator('.saga-step[data-selected]')).toHaveCount(2)
  await page.keyboard.press(`${MOD}+c`)
  await page.keyboard.press(`${MOD}+v`)
  await expect(step(page, /Reserve the name/)).toHaveCount(2)
  await expect(step(page, /Register the company/)).toHaveCount(2)
})
