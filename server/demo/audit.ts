/**
 * Counts what the demo services did, in their own tables, and names whatever must not be: the judge of the chaos tests.
 * It trusts nothing that the runtime says.
 */
import { inboxTable } from './service'
import { DEMO_SERVICES } from './services/all'

export type ViolationCode =
  | 'TWICE' // one key took effect more than once
  | 'UNDID_NOTHING' // a compensation took effect for a forward call that did not
  | 'UNDONE_TWICE' // two compensations of one forward call took effect
  | 'HUNG' // a forward call took effect after its compensation
  | 'NOT_REMEMBERED' // an effect without its row in the inbox
  | 'LEDGER' // a budget does not agree with its reservations

export interface Violation {
  code: ViolationCode
  sagaId: string | null
  step: string | null
  key: string
  message: string
}

export interface StepEffects {
  service: string
  operation: string
  /** How often the forward key took effect: 0 or 1, if all is well. */
  forward: number
  /** How often a compensation of it took effect. */
  compensation: number
  /** It happened, could be undone, and was not. */
  standing: boolean
}

export interface EffectAudit {
  effects: number
  /** Saga → forward key → what happened. Sagas without any effect are absent. */
  sagas: Map<string, Map<string, StepEffects & { step: string }>>
  violations: Violation[]
}

/** Anything with pg's `query`: a Pool or a Client. */
export interface Database {
  query<R>(text: string): Promise<{ rows: R[] }>
}

interface EffectRow {
  id: string
  service: string
  operation: string
  key: string
  saga_id: string
  step: string
  kind: 'action' | 'compensation'
  undoes: string | null
}

export async function auditEffects(db: Database): Promise<EffectAudit> {
  const { rows } = await db.query<EffectRow>(
    'SELECT id, service, operation, key, saga_id, step, kind, undoes FROM demo.effect ORDER BY id',
  )
  const sagas: EffectAudit['sagas'] = new Map()
  const violations: Violation[] = []
  const seen = new Map<string, EffectRow>()
  const undoneBy = new Map<string, EffectRow>()
  const violation = (code: ViolationCode, row: EffectRow, message: string) =>
    violations.push({ code, sagaId: row.saga_id, step: row.step, key: row.key, message })

  for (const row of rows) {
    // keys are a service's own: two services may be called under one
    const id = `${row.service}\n${row.key}`
    const undoes = row.kind === 'compensation' && row.undoes !== null ? row.undoes : null
    const step = stepOf(sagas, row, undoes ?? row.key)
    if (seen.has(id)) violation('TWICE', row, `${row.service}.${row.operation} took effect twice`)
    seen.set(id, row)
    if (undoes === null) {
      step.forward++
      const undo = undoneBy.get(id)
      if (undo) violation('HUNG', row, `It took effect after ${undo.key} had undone it`)
      continue
    }
    step.compensation++
    const forward = `${row.service}\n${undoes}`
    if (!seen.has(forward))
      violation('UNDID_NOTHING', row, `It undid ${undoes}, which was not there`)
    const other = undoneBy.get(forward)
    if (other && other.key !== row.key)
      violation('UNDONE_TWICE', row, `${other.key} had undone ${undoes} already`)
    undoneBy.set(forward, row)
  }
  for (const steps of sagas.values())
    for (const step of steps.values())
      step.standing = step.forward > 0 && step.compensation === 0 && canBeUndone(step)

  violations.push(...(await notRemembered(db)), ...(await ledger(db)))
  return { effects: rows.length, sagas, violations }
}

/** What one saga left standing that could have been undone; must be empty after ROLLED_BACK. */
export function standingEffects(audit: EffectAudit, sagaId: string): string[] {
  return [...(audit.sagas.get(sagaId) ?? [])]
    .filter(([, step]) => step.standing)
    .map(([key]) => key)
}

function stepOf(sagas: EffectAudit['sagas'], row: EffectRow, forwardKey: string) {
  const steps = sagas.get(row.saga_id) ?? new Map<string, StepEffects & { step: string }>()
  sagas.set(row.saga_id, steps)
  const known = steps.get(forwardKey)
  if (known) return known
  const { service, operation, step } = row
  const fresh = { step, service, operation, forward: 0, compensation: 0, standing: false }
  steps.set(forwardKey, fresh)
  return fresh
}

function canBeUndone(step: StepEffects): boolean {
  const service = DEMO_SERVICES.find((one) => one.name === step.service)
  return service?.operations[step.operation]?.compensation !== undefined
}

async function notRemembered(db: Database): Promise<Violation[]> {
  const found: Violation[] = []
  for (const { name } of DEMO_SERVICES) {
    const { rows } = await db.query<EffectRow>(
      `SELECT e.* FROM demo.effect AS e LEFT JOIN ${inboxTable(name)} AS i ON i.key = e.key
        WHERE e.service = '${name}' AND (i.state IS NULL OR i.state NOT IN ('DONE', 'PENDING'))`,
    )
    for (const row of rows)
      found.push({
        code: 'NOT_REMEMBERED',
        sagaId: row.saga_id,
        step: row.step,
        key: row.key,
        message: `${name}.${row.operation} took effect, but its inbox does not know it`,
      })
  }
  return found
}

async function ledger(db: Database): Promise<Violation[]> {
  const { rows } = await db.query<{ budget: string; used: string; held: string }>(
    `SELECT b.venture_id || '/' || b.currency AS budget, b.used, coalesce(sum(r.amount), 0) AS held
       FROM demo.budget AS b
       LEFT JOIN demo.reservation AS r ON r.venture_id = b.venture_id
            AND r.currency = b.currency AND r.state <> 'RELEASED'
      GROUP BY b.venture_id, b.currency
     HAVING b.used <> coalesce(sum(r.amount), 0) OR b.used > b.total OR b.used < 0`,
  )
  return rows.map(({ budget, used, held }) => ({
    code: 'LEDGER',
    sagaId: null,
    step: null,
    key: budget,
    message: `Budget ${budget} has ${used} in use, but its reservations come to ${held}`,
  }))
}
