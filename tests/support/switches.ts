/** The demo services' switches, from a test's side. */
const origin = `http://127.0.0.1:${process.env.E2E_DEMO_PORT ?? Number(process.env.E2E_PORT ?? 3100) + 1}`

/** Service → operation → what it meets next, e.g. `{ 'company-registry': { register: { failNext: 1 } } }`. */
export async function setSwitches(
  switches: Record<string, Record<string, Record<string, unknown>>>,
): Promise<void> {
  const answer = await fetch(`${origin}/switches`, {
    method: 'PUT',
    body: JSON.stringify(switches),
  })
  if (!answer.ok) throw new Error(`The switches answered ${answer.status}: ${await answer.text()}`)
}

export async function resetSwitches(): Promise<void> {
  const answer = await fetch(`${origin}/switches`, { method: 'DELETE' })
  if (!answer.ok) throw new Error(`The switches answered ${answer.status}`)
}
