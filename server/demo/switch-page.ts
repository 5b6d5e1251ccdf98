/**
 * The page on which a person flips the switches: plain HTML and forms, no script. One block per operation, open when
 * anything is switched on; below, the newest effects, so that one sees what a lost reply did.
 */
import type { Pool } from 'pg'
import { DEMO_SERVICES } from './services/all'
import { SWITCH_OFF, type Switch, type SwitchesInput } from './switches'

export interface EffectRow {
  at: Date
  service: string
  operation: string
  kind: string
  key: string
}

/** The newest effects of all services. */
export async function recentEffects(pool: Pool, limit = 20): Promise<EffectRow[]> {
  const { rows } = await pool.query<EffectRow>(
    'SELECT at, service, operation, kind, key FROM demo.effect ORDER BY id DESC LIMIT $1',
    [limit],
  )
  return rows
}

/** What a posted form sets; to be parsed by `switchesSchema`. */
export function switchFromForm(body: string): unknown {
  const form = new URLSearchParams(body)
  const number = (name: string) => Number(form.get(name) || 0)
  const later = form.get('respond202Ms')?.trim()
  return {
    [form.get('service') ?? '']: {
      [form.get('operation') ?? '']: {
        failNext: number('failNext'),
        failRate: number('failRate'),
        failKind: form.get('failKind') ?? undefined,
        delayMs: number('delayMs'),
        loseRequestNext: number('loseRequestNext'),
        loseRequestRate: number('loseRequestRate'),
        loseReplyNext: number('loseReplyNext'),
        loseReplyRate: number('loseReplyRate'),
        respond202Ms: later ? Number(later) : null,
      },
    },
  }
}

export function switchPage(switches: SwitchesInput, effects: EffectRow[]): string {
  const sections = DEMO_SERVICES.map((service) => {
    const operations = Object.entries(service.operations).map(([name, operation]) =>
      block(service.name, name, operation.title, switches[service.name]?.[name] ?? SWITCH_OFF),
    )
    const others = block(
      service.name,
      '*',
      'All operations without switches of their own',
      switches[service.name]?.['*'] ?? SWITCH_OFF,
    )
    return `<section><h2>${text(service.title)}</h2>${others}${operations.join('')}</section>`
  })
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Demo services</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Demo services</h1>
<p>Switch a service to fail, to be slow or to lose replies, then watch what the saga makes of it.</p>
<form method="post" action="/switches"><button name="action" value="reset">Switch everything off</button></form>
</header>
<main>${sections.join('')}
<section><h2>Newest effects</h2>${effectTable(effects)}</section>
</main>
</body>
</html>`
}

function block(service: string, operation: string, title: string, value: Switch): string {
  const on = activeWords(value)
  const id = `${service}-${operation === '*' ? 'all' : operation}`
  return `<details${on.length ? ' open' : ''}>
<summary><code>${text(operation)}</code> <span>${text(title)}</span>${on.map((word) => ` <b>${text(word)}</b>`).join('')}</summary>
<form method="post" action="/switches">
<input type="hidden" name="service" value="${text(service)}">
<input type="hidden" name="operation" value="${text(operation)}">
${countField(id, 'failNext', 'Fail the next', value.failNext)}
${rateField(id, 'failRate', 'Fail this share (0 to 1)', value.failRate)}
<label for="${id}-failKind">Failure is<select id="${id}-failKind" name="failKind">${['terminal', 'retryable', 'unknown'].map((kind) => `<option${kind === value.failKind ? ' selected' : ''}>${kind}</option>`).join('')}</select></label>
${countField(id, 'loseReplyNext', 'Lose the next replies', value.loseReplyNext)}
${rateField(id, 'loseReplyRate', 'Lose this share of replies', value.loseReplyRate)}
${countField(id, 'delayMs', 'Delay in ms', value.delayMs)}
${countField(id, 'loseRequestNext', 'Lose the next requests', value.loseRequestNext)}
${rateField(id, 'loseRequestRate', 'Lose this share of requests', value.loseRequestRate)}
<label for="${id}-respond202Ms">Answer by callback after ms<input id="${id}-respond202Ms" name="respond202Ms" type="number" min="0" max="3600000" value="${value.respond202Ms ?? ''}" placeholder="off"></label>
<button>Save<span class="hidden"> ${text(service)} ${text(operation)}</span></button>
</form>
</details>`
}

function activeWords(value: Switch): string[] {
  const share = (rate: number) => `${Math.round(rate * 100)} %`
  return [
    value.failNext > 0 && `next ${value.failNext} fail (${value.failKind})`,
    value.failRate > 0 && `${share(value.failRate)} fail (${value.failKind})`,
    value.delayMs > 0 && `${value.delayMs} ms late`,
    value.loseReplyNext > 0 && `next ${value.loseReplyNext} replies lost`,
    value.loseReplyRate > 0 && `${share(value.loseReplyRate)} of replies lost`,
    value.loseRequestNext > 0 && `next ${value.loseRequestNext} requests lost`,
    value.loseRequestRate > 0 && `${share(value.loseRequestRate)} of requests lost`,
    value.respond202Ms !== null && `callback after ${value.respond202Ms} ms`,
  ].filter((word) => word !== false)
}

function countField(id: string, name: string, label: string, value: number): string {
  return `<label for="${id}-${name}">${label}<input id="${id}-${name}" name="${name}" type="number" min="0" max="1000000" value="${value}"></label>`
}

function rateField(id: string, name: string, label: string, value: number): string {
  return `<label for="${id}-${name}">${label}<input id="${id}-${name}" name="${name}" type="number" min="0" max="1" step="0.01" value="${value}"></label>`
}

function effectTable(effects: EffectRow[]): string {
  if (effects.length === 0) return '<p>None yet. Start a saga that calls one of these services.</p>'
  const rows = effects.map(
    (one) =>
      `<tr><td><time>${one.at.toISOString().slice(11, 23)}</time></td><td>${text(one.service)}</td><td><code>${text(one.operation)}</code></td><td>${text(one.kind)}</td><td><code>${text(one.key)}</code></td></tr>`,
  )
  return `<div class="scroll" tabindex="0" role="region" aria-label="Newest effects"><table>
<thead><tr><th scope="col">Time (UTC)</th><th scope="col">Service</th><th scope="col">Operation</th><th scope="col">Kind</th><th scope="col">Idempotency key</th></tr></thead>
<tbody>${rows.join('')}</tbody></table></div>`
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function text(value: string): string {
  return value.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
}

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#e4e4e7, #2e2e33); --quiet: light-dark(#5b5b66, #a1a1aa);
  --accent: light-dark(#4f46e5, #a5b4fc); --mark: light-dark(#fef3c7, #422006); --on: light-dark(#78350f, #fcd34d); }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 16px 64px; max-width: 960px; background: light-dark(#fff, #111113);
  font: 13px/20px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { margin: 0; font-size: 20px; line-height: 28px; } h2 { margin: 32px 0 8px; font-size: 15px; }
p { margin: 4px 0 12px; color: var(--quiet); }
code { font: 12px/20px ui-monospace, monospace; }
details { border-top: 1px solid var(--line); } section > details:last-of-type { border-bottom: 1px solid var(--line); }
summary { padding: 8px 4px; cursor: pointer; } summary span { color: var(--quiet); }
summary b { padding: 1px 6px; border-radius: 4px; background: var(--mark); color: var(--on); font-weight: 500; }
details form { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr)); gap: 12px; padding: 4px 4px 16px 20px; }
label { display: grid; gap: 4px; color: var(--quiet); }
input, select, button { min-height: 32px; padding: 4px 8px; border: 1px solid light-dark(#8b8b95, #6b6b76);
  border-radius: 6px; font: inherit; background: transparent; color: inherit; }
input, select { color: light-dark(#18181b, #f4f4f5); background: light-dark(#fff, #18181b); }
button { cursor: pointer; align-self: end; justify-self: start; padding-inline: 16px; }
details button { border-color: var(--accent); color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; text-align: left; }
th, td { padding: 6px 12px 6px 4px; border-bottom: 1px solid var(--line); white-space: nowrap; } th { color: var(--quiet); font-weight: 500; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`
