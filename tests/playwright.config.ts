/**
 * The browser tests: desktop Chromium against a server that the run starts itself, on ports and data of its own.
 */
import path from 'node:path'
import { defineConfig } from '@playwright/test'
import { CHROMIUM_ARGS, findChromium } from './support/chromium.mjs'

const root = path.resolve(import.meta.dirname, '..')
const port = Number(process.env.E2E_PORT ?? 3100)
const executablePath = await findChromium()

export default defineConfig({
  testDir: 'e2e',
  outputDir: path.join(root, 'test-results'),
  timeout: 60_000,
  expect: { timeout: 10_000 },
  // the tests share one server, and two cores
  workers: 1,
  retries: 0,
  forbidOnly: true,
  reporter: [['list'], ['./count-playwright.ts']],
  projects: [{ name: 'desktop' }],
  use: {
    baseURL: `http://127.0.0.1:${port}`,
    viewport: { width: 1440, height: 900 },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: { ...(executablePath ? { executablePath } : {}), args: CHROMIUM_ARGS },
  },
  webServer: {
    command: 'node tests/support/e2e-server.mjs', // not through npm or npx: they do not pass signals on
    cwd: root,
    url: `http://127.0.0.1:${port}/api/health`,
    env: {
      PORT: String(port),
      DEMO_PORT: String(Number(process.env.E2E_DEMO_PORT ?? port + 1)),
      SAGAWRIGHT_DATA: process.env.E2E_DATA ?? '.data/e2e',
    },
    timeout: 300_000,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 30_000 },
    reuseExistingServer: false,
    stdout: 'pipe',
  },
})
