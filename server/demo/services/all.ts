/** The demo services, in the order in which pages list them. */
import type { DemoService } from '../service'
import { budgetLedger } from './budget-ledger'
import { companyRegistry } from './company-registry'
import { compliance } from './compliance'
import { notification } from './notification'

export const DEMO_SERVICES: readonly DemoService[] = [
  budgetLedger,
  companyRegistry,
  compliance,
  notification,
]
