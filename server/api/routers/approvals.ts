import { z } from 'zod'
import {
  type DecisionItem,
  decideGate,
  type GateDetail,
  type GateListItem,
  listGates,
  type Page,
  page,
  sagaId,
  stepId,
} from '../contract'
import { procedure, router } from '../trpc'

export const approvalsRouter = router({
  list: procedure('approval:read')
    .input(listGates)
    .query(async (): Promise<Page<GateListItem>> => {
      throw new Error('unwritten')
    }),
  get: procedure('approval:read')
    .input(z.object({ gateId: z.string().min(1).max(300) }))
    .query(async (): Promise<GateDetail> => {
      throw new Error('unwritten')
    }),
  decide: procedure('approval:decide')
    .input(decideGate)
    .mutation(async (): Promise<{ decisionId: string }> => {
      throw new Error('unwritten')
    }),
  history: procedure('approval:read')
    .input(page.extend({ sagaId: sagaId.optional(), step: stepId.optional() }))
    .query(async (): Promise<Page<DecisionItem>> => {
      throw new Error('unwritten')
    }),
  count: procedure('approval:read').query(async (): Promise<{ open: number; mine: number }> => {
    throw new Error('unwritten')
  }),
})
