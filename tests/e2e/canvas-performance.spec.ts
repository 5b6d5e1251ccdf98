/**
 * What panning and dragging cost in a saga of 300 steps, measured by Chromium itself: processor time of script per frame
 * on the main thread, from a trace. The numbers are reported; the test fails only when they are far from usable, because
 * other programs share the machine.
 */
import { type CDPSession, expect, type Page, test } from '@playwright/test'
import { bigSaga } from '../support/big-saga'
import { signedIn } from '../support/signed-in'

const STEPS = 300
const FRAMES = 80

test('pans and drags 300 steps', async ({ browser }) => {
  test.setTimeout(240_000)
  const { page, context } = await signedIn(browser, 'ANALYST')
  const name = `big-${Date.now().toString(36)}`
  const created = await page.request.post('/api/trpc/definitions.create', {
    data: { json: { name, source: bigSaga(name, STEPS) } },
    headers: { origin: new URL(page.url()).origin },
  })
  expect(created.ok()).toBe(true)

  const begun = Date.now()
  await page.goto(`/sagas/${name}`)
  await expect(
    page.locator('.saga-canvas:not([data-waiting]) .react-flow__node-step').first(),
  ).toBeVisible()
  const opened = Date.now() - begun
  expect(await page.locator('.react-flow__node-step').count()).toBeGreaterThanOrEqual(STEPS - 50)
  // the layout engine has answered, and nothing moves any more
  await expect(page.locator('.saga-canvas')).toHaveAttribute('data-settled', 'true', {
    timeout: 30_000,
  })

  const box = await page.locator('.saga-canvas').boundingBox()
  if (!box) throw new Error('The canvas is not there')
  const centre = { x: box.x + box.width / 2, y: box.y + box.height * 0.75 }
  const cdp = await context.newCDPSession(page)

  const panning = await traced(cdp, async () => {
    await page.mouse.move(centre.x, centre.y)
    for (let n = 0; n < FRAMES; n++) {
      await page.mouse.wheel(0, n < FRAMES / 2 ? 24 : -24)
      await frame(page)
    }
  })
  const node = page.locator('.react-flow__node-step').filter({ hasText: 'S1' }).first()
  const at = await node.boundingBox()
  if (!at) throw new Error('The step is not in view')
  const dragging = await traced(cdp, async () => {
    await page.mouse.move(at.x + at.width / 2, at.y + at.height / 2)
    await page.mouse.down()
    for (let n = 0; n < FRAMES; n++) {
      const angle = (n / FRAMES) * 2 * Math.PI
      await page.mouse.move(
        at.x + at.width / 2 + 60 * Math.sin(angle),
        at.y + at.height / 2 + 60 * (1 - Math.cos(angle)),
      )
      await frame(page)
    }
    await page.mouse.up()
  })
  await expect(page.getByRole('button', { name: /^Undo: Move/ })).toBeVisible()

  for (const [metric, value, unit] of [
    ['open', opened, 'ms'],
    ['pan p50', percentile(panning, 0.5), 'ms script per frame'],
    ['pan p95', percentile(panning, 0.95), 'ms script per frame'],
    ['drag p50', percentile(dragging, 0.5), 'ms script per frame'],
    ['drag p95', percentile(dragging, 0.95), 'ms script per frame'],
  ] as const) {
    const line = { suite: 'canvas', case: `${STEPS} steps`, metric, value: round(value), unit }
    console.log(JSON.stringify(line))
    test.info().annotations.push({ type: metric, description: `${round(value)} ${unit}` })
  }
  for (const costs of [panning, dragging]) {
    expect(costs.length).toBeGreaterThan(FRAMES / 2)
    // What the canvas does in every frame shows in the median; the four worst of 80 are collections and neighbours as well.
    expect(percentile(costs, 0.5)).toBeLessThan(30)
    expect(percentile(costs, 0.95)).toBeLessThan(150)
  }
  expect(opened).toBeLessThan(15_000)
  await context.close()
})

const frame = (page: Page) =>
  page.evaluate(() => new Promise<void>((done) => requestAnimationFrame(() => done())))

interface TraceEvent {
  name: string
  ph: string
  ts: number
  /** Microseconds on the processor; `dur` would count what other programs took too. */
  tdur?: number
  dur?: number
  pid: number
  tid: number
  args?: { data?: { type?: string } }
}

/** Milliseconds of script in each frame in which the pointer did something: the main thread's events, cut at its frames. */
async function traced(cdp: CDPSession, run: () => Promise<void>): Promise<number[]> {
  const events: TraceEvent[] = []
  const collect = ({ value }: { value: unknown[] }) => {
    events.push(...(value as TraceEvent[]))
  }
  cdp.on('Tracing.dataCollected', collect)
  await cdp.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      includedCategories: ['devtools.timeline', 'v8.execute', '__metadata'],
      excludedCategories: ['*'],
    },
  })
  await run()
  const done = new Promise<void>((resolve) => cdp.once('Tracing.tracingComplete', () => resolve()))
  await cdp.send('Tracing.end')
  await done
  cdp.off('Tracing.dataCollected', collect)
  return scriptPerFrame(events)
}

const SCRIPT = new Set([
  'FunctionCall',
  'EvaluateScript',
  'FireAnimationFrame',
  'TimerFire',
  'EventDispatch',
  'RunMicrotasks',
])

const POINTER = new Set(['wheel', 'mousemove', 'pointermove'])

function scriptPerFrame(events: readonly TraceEvent[]): number[] {
  const frames = events.filter((event) => event.name === 'FireAnimationFrame')
  const busiest = mostFrequent(frames.map((event) => `${event.pid} ${event.tid}`))
  const own = events
    .filter((event) => `${event.pid} ${event.tid}` === busiest && event.ph === 'X')
    .filter((event) => SCRIPT.has(event.name))
    .sort((a, b) => a.ts - b.ts)
  // nested events are counted once: only the outermost of each stretch
  const outer: { ts: number; cost: number }[] = []
  let end = 0
  for (const { ts, dur = 0, tdur = dur } of own) {
    if (ts < end) continue
    outer.push({ ts, cost: tdur })
    end = ts + dur
  }
  const ticks = frames
    .filter((event) => `${event.pid} ${event.tid}` === busiest)
    .map((event) => event.ts)
    .sort((a, b) => a - b)
  const inputs = own.filter(
    (event) => event.name === 'EventDispatch' && POINTER.has(event.args?.data?.type ?? ''),
  )
  const costs: number[] = []
  for (let n = 1; n < ticks.length; n++) {
    const from = ticks[n - 1] ?? 0
    const to = ticks[n] ?? 0
    // callbacks of one frame fire within a fraction of a millisecond
    if (to - from < 2000) continue
    if (!inputs.some(({ ts }) => ts >= from && ts < to)) continue
    const cost = outer
      .filter(({ ts }) => ts >= from && ts < to)
      .reduce((sum, script) => sum + script.cost, 0)
    costs.push(cost / 1000)
  }
  return costs
}

function mostFrequent(keys: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? ''
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

const round = (n: number): number => Math.round(n * 10) / 10
