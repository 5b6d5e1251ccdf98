/** A small real participant on loopback: answers every operation with what the test says, and remembers the calls. */
import { serve } from './test-host'

export async function startService(
  answer: (operation: string, body: Record<string, unknown>) => Response | Promise<Response>,
) {
  const calls: { operation: string; body: Record<string, unknown>; signature: string | null }[] = []
  let healthy = true
  const web = await serve(async (request, pathname) => {
    if (pathname === '/health') return new Response(null, { status: healthy ? 200 : 503 })
    const operation = pathname.split('/').at(-1) ?? ''
    const body = await request.json()
    calls.push({ operation, body, signature: request.headers.get('webhook-signature') })
    return answer(operation, body)
  })
  return {
    ...web,
    calls,
    setHealthy(value: boolean) {
      healthy = value
    },
  }
}
