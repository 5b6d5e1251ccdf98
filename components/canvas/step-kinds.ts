/** What each step type is called and looks like: one row per type, read by nodes, palette, picker, outline and forms. */
import {
  CircleStop,
  Clock,
  GitFork,
  Layers,
  type LucideIcon,
  Radio,
  Repeat2,
  Split,
  SquareFunction,
  UserRoundCheck,
  Workflow,
} from 'lucide-react'
import type { StepType } from '@/runtime/definition/schema'

export interface StepKind {
  type: StepType
  /** Sentence case, as shown in the palette. */
  label: string
  /** As read aloud after the title: "Charge card, action". */
  noun: string
  description: string
  icon: LucideIcon
  /** `work` kinds do something outside and carry the accent; `flow` kinds only steer and stay neutral. */
  tone: 'work' | 'flow' | 'person'
}

export const STEP_KINDS: Record<StepType, StepKind> = {
  action: {
    type: 'action',
    label: 'Action',
    noun: 'action',
    description: 'Call an operation of a participant',
    icon: SquareFunction,
    tone: 'work',
  },
  choice: {
    type: 'choice',
    label: 'Choice',
    noun: 'choice',
    description: 'Take the first branch whose condition holds',
    icon: Split,
    tone: 'flow',
  },
  parallel: {
    type: 'parallel',
    label: 'Parallel',
    noun: 'parallel group',
    description: 'Run branches side by side, then join',
    icon: GitFork,
    tone: 'flow',
  },
  map: {
    type: 'map',
    label: 'For each',
    noun: 'loop over items',
    description: 'Run a region once per item',
    icon: Repeat2,
    tone: 'flow',
  },
  wait: {
    type: 'wait',
    label: 'Wait',
    noun: 'timer',
    description: 'Hold for a duration or until a moment',
    icon: Clock,
    tone: 'flow',
  },
  signal: {
    type: 'signal',
    label: 'Signal',
    noun: 'signal',
    description: 'Wait for a named event from outside',
    icon: Radio,
    tone: 'flow',
  },
  approval: {
    type: 'approval',
    label: 'Approval gate',
    noun: 'approval gate',
    description: 'A person decides whether it goes on',
    icon: UserRoundCheck,
    tone: 'person',
  },
  transaction: {
    type: 'transaction',
    label: 'Transaction',
    noun: 'two-phase commit group',
    description: 'Participants commit together or not at all',
    icon: Layers,
    tone: 'work',
  },
  saga: {
    type: 'saga',
    label: 'Child saga',
    noun: 'child saga',
    description: 'Run another saga as one step',
    icon: Workflow,
    tone: 'work',
  },
  end: {
    type: 'end',
    label: 'End',
    noun: 'end',
    description: 'End the region, completed or failed',
    icon: CircleStop,
    tone: 'flow',
  },
}

/** The types offered for adding, most used first. Transaction groups cannot run in this version. */
export const ADDABLE: readonly StepType[] = [
  'action',
  'choice',
  'parallel',
  'map',
  'wait',
  'signal',
  'approval',
  'saga',
  'end',
]
