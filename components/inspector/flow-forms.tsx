'use client'

/** The steps that steer: choice, parallel, for each. */
import { ArrowDown, ArrowUp, Plus, Trash2 } from 'lucide-react'
import type { EditCommand } from '@/runtime/definition/edit'
import type { ChoiceStep, MapStep, ParallelStep } from '@/runtime/definition/schema'
import { mintId, newAction } from '../canvas/new-step'
import type { IndexedStep } from '../canvas/step-index'
import { Button } from '../ui/button'
import { IconButton } from '../ui/icon-button'
import { useStepEdit } from './edit-context'
import { ExpressionField } from './expression-field'
import { ChoiceField, Labelled, NumberField, Section, StepField, TextField } from './fields'
import { MappingEditor } from './mapping-editor'

export function ChoiceForm({ found, step }: { found: IndexedStep; step: ChoiceStep }) {
  const { set, problem, locked } = useStepEdit(found)
  const swap = (a: number, b: number) => {
    const next = [...step.branches]
    const [first, second] = [next[a], next[b]]
    if (!first || !second) return
    next[a] = second
    next[b] = first
    set(['branches'], next, 'Reorder the branches')
  }
  const fallback = step.otherwise ?? step.branches[0]?.next ?? found.id
  return (
    <Section title="Branches">
      <p className="text-text-3 text-xs">The first one whose condition is true is taken.</p>
      <ol className="flex flex-col gap-3">
        {step.branches.map((branch, n) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a branch is its place in the order
          <li key={n} className="flex flex-col gap-2 rounded-lg border p-3">
            <div className="flex items-center gap-1">
              <span className="flex-1 font-medium text-sm">Branch {n + 1}</span>
              <IconButton
                size="sm"
                label="Earlier"
                icon={<ArrowUp size={13} />}
                disabledReason={locked ?? (n === 0 ? 'it is the first' : null)}
                onClick={() => swap(n, n - 1)}
              />
              <IconButton
                size="sm"
                label="Later"
                icon={<ArrowDown size={13} />}
                disabledReason={
                  locked ?? (n === step.branches.length - 1 ? 'it is the last' : null)
                }
                onClick={() => swap(n, n + 1)}
              />
              <IconButton
                size="sm"
                label={`Remove branch ${n + 1}`}
                icon={<Trash2 size={13} />}
                disabledReason={
                  locked ?? (step.branches.length === 1 ? 'a choice needs one' : null)
                }
                onClick={() =>
                  set(
                    ['branches'],
                    step.branches.filter((_, at) => at !== n),
                    'Remove a branch',
                  )
                }
              />
            </div>
            <TextField
              label="Label"
              optional
              value={branch.label}
              onChange={(next) => set(['branches', n, 'label'], next, 'Rename a branch')}
            />
            <Labelled label="Condition" error={null} problem={problem(['branches', n, 'when'])}>
              <ExpressionField
                label={`Condition of branch ${n + 1}`}
                required
                value={branch.when}
                place={{ step: found.id }}
                placeholder="input.amount > 10000"
                onChange={(next) => set(['branches', n, 'when'], next, 'Change a condition')}
              />
            </Labelled>
            <StepField
              label="Leads to"
              required
              from={found.id}
              value={branch.next}
              problem={problem(['branches', n, 'next'])}
              onChange={(next) => next && set(['branches', n, 'next'], next, 'Connect a branch')}
            />
          </li>
        ))}
      </ol>
      <Button
        size="sm"
        className="self-start"
        icon={<Plus size={13} />}
        disabledReason={locked ?? (step.branches.length >= 64 ? 'At most 64 branches' : null)}
        onClick={() =>
          set(
            ['branches'],
            [
              ...step.branches,
              { label: `case ${step.branches.length + 1}`, when: 'true', next: fallback },
            ],
            'Add a branch',
          )
        }
      >
        Add a branch
      </Button>
      <StepField
        label="Otherwise leads to"
        from={found.id}
        value={step.otherwise}
        problem={problem(['otherwise'])}
        hint={step.otherwise ? undefined : 'Without it the saga fails when no condition is true'}
        onChange={(next) => set(['otherwise'], next, 'Connect otherwise')}
      />
    </Section>
  )
}

const JOINS = [
  { value: 'all', label: 'All branches', hint: 'One failure fails the group' },
  { value: 'any', label: 'The first to end well', hint: 'The others are stopped and undone' },
  { value: 'quorum', label: 'A number of them', hint: 'The rest is stopped and undone' },
] as const

export function ParallelForm({ found, step }: { found: IndexedStep; step: ParallelStep }) {
  const edit = useStepEdit(found)
  const { set, problem, index, locked } = edit
  const branches = Object.keys(step.branches)
  const join = typeof step.join === 'string' ? step.join : 'quorum'
  const addBranch = () => {
    const name = mintId('branch', new Set(branches))
    const id = mintId('step', new Set(index.steps.keys()))
    const region = { start: id, steps: { [id]: newAction({ type: 'action' }) } }
    set(['branches', name], region, 'Add a branch')
  }
  const rename = (from: string, to: string) => {
    const next = Object.fromEntries(
      Object.entries(step.branches).map(([name, region]) => [name === from ? to : name, region]),
    )
    const command: EditCommand = { type: 'setStep', id: found.id, path: ['branches'], value: next }
    edit.run(command, `Rename branch ${from}`)
  }
  return (
    <Section title="Branches">
      <ChoiceField
        label="Goes on when these have ended well"
        value={join}
        options={JOINS}
        problem={problem(['join'])}
        onChange={(next) =>
          set(
            ['join'],
            next === 'quorum' ? { quorum: Math.max(1, branches.length - 1) } : next,
            'Change the join',
          )
        }
      />
      {typeof step.join === 'string' ? null : (
        <NumberField
          label="How many"
          value={step.join.quorum}
          min={1}
          max={64}
          onChange={(next) => next && set(['join', 'quorum'], next, 'Change the quorum')}
        />
      )}
      <ul className="flex flex-col gap-2" aria-label="Branches">
        {branches.map((name) => (
          <li key={name} className="flex items-end gap-2">
            <div className="min-w-0 flex-1">
              <TextField
                label={`Branch of ${stepCount(Object.keys(step.branches[name]?.steps ?? {}).length)}`}
                mono
                value={name}
                check={(text) =>
                  !/^[A-Za-z_]\w{0,63}$/.test(text)
                    ? 'Letters, digits and _'
                    : text !== name && branches.includes(text)
                      ? 'Already used'
                      : null
                }
                onChange={(next) => next && rename(name, next)}
              />
            </div>
            <IconButton
              label={`Remove branch ${name}`}
              icon={<Trash2 size={14} />}
              disabledReason={locked ?? (branches.length === 1 ? 'a group needs one' : null)}
              onClick={() => set(['branches', name], undefined, `Remove branch ${name}`)}
            />
          </li>
        ))}
      </ul>
      <Button
        size="sm"
        className="self-start"
        icon={<Plus size={13} />}
        disabledReason={locked ?? (branches.length >= 64 ? 'At most 64 branches' : null)}
        onClick={addBranch}
      >
        Add a branch
      </Button>
    </Section>
  )
}

export function MapForm({ found, step }: { found: IndexedStep; step: MapStep }) {
  const { set, problem } = useStepEdit(found)
  return (
    <>
      <Section title="Items">
        <Labelled
          label="For each of"
          error={null}
          problem={problem(['items'])}
          hint="An expression that yields a list; inside, item and index can be read"
        >
          <ExpressionField
            label="For each of"
            required
            value={step.items}
            place={{ step: found.id }}
            placeholder="input.items"
            onChange={(next) => set(['items'], next, 'Change the items')}
          />
        </Labelled>
        <NumberField
          label="At the same time"
          value={step.concurrency}
          min={1}
          max={1000}
          onChange={(next) => set(['concurrency'], next, 'Change the concurrency')}
        />
      </Section>
      <Section
        title="Output of each item"
        open={step.output !== undefined}
        summary="of its steps, by id"
      >
        <MappingEditor
          label="Output of each item"
          value={step.output}
          place={{ step: found.id }}
          onChange={(next) => set(['output'], next, 'Change the output')}
          onField={(field, next) => set(['output', field], next, 'Change the output')}
        />
      </Section>
    </>
  )
}

const stepCount = (n: number): string => `${n} ${n === 1 ? 'step' : 'steps'}`
