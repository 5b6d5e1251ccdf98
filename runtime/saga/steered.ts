/** A saga's snapshot as the rules of verbs see it (journal/verbs.ts). */
import type { SteeredSaga } from '../journal/verbs'
import { whyNotAgain } from './children'
import type { Turn } from './turn'
import { isStanding } from './unwind'

export function steered(turn: Turn): SteeredSaga {
  const { state } = turn
  return {
    name: `Saga ${state.id}`,
    title: (step) => step,
    status: state.status,
    pausedFrom: state.paused?.status ?? null,
    unwinding: state.unwinding && {
      force: state.unwinding.mode === 'force',
      halted: state.unwinding.halted === true,
    },
    pivot: state.pivot,
    pivoting: pivotUnderWay(turn),
    parent: state.parent,
    step: (id) => {
      const record = state.steps[id]
      if (!record) return undefined
      return {
        state: record.state,
        undo: record.undo?.state ?? null,
        stuck: record.stuck === true,
        get stands() {
          return isStanding(turn, id)
        },
        get notAgain() {
          return whyNotAgain(turn, id)
        },
      }
    },
    stuck: () => Object.keys(state.steps).filter((id) => state.steps[id]?.stuck),
  }
}

function pivotUnderWay(turn: Turn): string | null {
  for (const call of Object.values(turn.state.calls)) {
    const step = turn.step(call.step)
    if (step.type === 'action' && step.effect === 'pivot') return call.step
  }
  return null
}
