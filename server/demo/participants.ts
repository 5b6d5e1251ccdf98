/**
 * The demo services as participants to register: what `participants.save` takes, for a server at `baseUrl`.
 */
import { z } from 'zod'
import { saveParticipant } from '@/server/api/contract'
import { DEMO_SERVICES } from './services/all'

export type DemoParticipant = z.infer<typeof saveParticipant>

/** One entry per service; their common secret is `demoSecret()` (secret.ts). */
export function demoParticipants(baseUrl: string): DemoParticipant[] {
  const base = baseUrl.replace(/\/+$/, '')
  return DEMO_SERVICES.map((service) =>
    saveParticipant.parse({
      name: service.name,
      title: service.title,
      kind: 'HTTP',
      endpointUrl: `${base}/${service.name}`,
      healthUrl: `${base}/${service.name}/health`,
      operations: Object.entries(service.operations).map(([name, operation]) => ({
        name,
        title: operation.title,
        ...(operation.effect ? { effect: operation.effect } : {}),
        ...(operation.compensation ? { compensation: operation.compensation } : {}),
        input: z.toJSONSchema(operation.input, { io: 'input' }),
        output: z.toJSONSchema(operation.output),
      })),
      // they listen on loopback
      allowPrivateNetwork: true,
    }),
  )
}
