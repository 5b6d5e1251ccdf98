'use client'

/**
 * `/approvals`: gates that wait for a decision. List, case and decision side by side; on a phone one after the other,
 * the decision in a sheet.
 */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ArrowLeft, Gavel } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { toast } from 'sonner'
import type { Decision } from '@/runtime/journal/entry'
import { stepsOf } from '@/runtime/projection/document-steps'
import { useTRPC } from '../api'
import { useRun } from '../run/use-run'
import { useActions } from '../shell/actions'
import { PageBar } from '../shell/page-bar'
import { Button, ButtonLink } from '../ui/button'
import { cn } from '../ui/cn'
import { Dialog } from '../ui/dialog'
import { EmptyState } from '../ui/empty-state'
import { ErrorState } from '../ui/error-state'
import { errorWords } from '../ui/error-words'
import { useNarrow } from '../ui/narrow'
import { Skeleton, SkeletonRows } from '../ui/skeleton'
import { TabPanel, Tabs } from '../ui/tabs'
import { DecisionForm } from './decision-form'
import { DecisionHistory } from './decision-history'
import { DECISION_WORD, DECISIONS } from './decision-words'
import { GateCase } from './gate-case'
import { groupGates } from './gate-groups'
import { GateList } from './gate-list'

const place = {
  tab: parseAsStringLiteral(['open', 'history'] as const).withDefault('open'),
  gate: parseAsString,
  decision: parseAsStringLiteral(DECISIONS),
}

export function ApprovalsPage() {
  const trpc = useTRPC()
  const [at, go] = useQueryStates(place)
  const narrow = useNarrow()
  const gates = useQuery(
    trpc.approvals.list.queryOptions(
      { status: 'OPEN', limit: 200 },
      { refetchInterval: 4_000, staleTime: 0 },
    ),
  )
  const detail = useQuery(
    trpc.approvals.get.queryOptions(
      { gateId: at.gate ?? 'none' },
      { enabled: at.gate !== null, refetchInterval: 5_000, staleTime: 0 },
    ),
  )
  const offsetMs = useOffset(detail.data?.serverNow ?? null)
  const items = useMemo(() => gates.data?.items ?? [], [gates.data])
  const order = useMemo(
    () => groupGates(items, Date.now() + offsetMs).flatMap((group) => group.gates),
    [items, offsetMs],
  )

  // On a wide screen there is always a case in view; the address stays as it is until somebody chooses.
  const first = order[0]?.gateId ?? null
  useEffect(() => {
    if (!narrow && at.tab === 'open' && at.gate === null && first !== null) {
      void go({ gate: first }, { history: 'replace' })
    }
  }, [narrow, at.tab, at.gate, first, go])

  const select = (gate: string | null) => void go({ gate, decision: null })
  const move = (by: number) => {
    const here = order.findIndex((gate) => gate.gateId === at.gate)
    const next = order[here < 0 ? 0 : here + by]
    if (next) select(next.gateId)
  }
  useActions([
    {
      id: 'gates.next',
      title: 'Next gate',
      group: 'Approvals',
      keys: 'j',
      keysOnly: true,
      run: () => move(1),
    },
    {
      id: 'gates.previous',
      title: 'Previous gate',
      group: 'Approvals',
      keys: 'k',
      keysOnly: true,
      run: () => move(-1),
    },
  ])

  const list = gates.isPending ? (
    <SkeletonRows rows={5} />
  ) : gates.isError ? (
    <ErrorState
      what="load the approvals"
      error={{ message: errorWords(gates.error) }}
      onRetry={() => void gates.refetch()}
    />
  ) : items.length === 0 ? (
    <EmptyState
      icon={<Gavel size={24} aria-hidden />}
      title="Nothing waits for a decision"
      action={<ButtonLink href="/runs">See the runs</ButtonLink>}
    >
      When a saga reaches an approval step it stops and asks here.
    </EmptyState>
  ) : (
    <GateList gates={items} selected={at.gate} offsetMs={offsetMs} onSelect={select} />
  )

  const shown =
    at.gate === null ? null : detail.isError ? (
      <ErrorState
        what="open this gate"
        error={{ message: errorWords(detail.error) }}
        onRetry={() => void detail.refetch()}
      />
    ) : detail.data ? (
      <Case
        key={detail.data.gateId}
        gate={detail.data}
        offsetMs={offsetMs}
        decision={at.decision}
        narrow={narrow}
        onDecision={(decision) => void go({ decision })}
        onNext={() => {
          const next = order.find((gate) => gate.gateId !== at.gate)
          select(narrow ? null : (next?.gateId ?? null))
        }}
        onRefetch={async () => (await detail.refetch()).data}
      />
    ) : (
      <div className="flex flex-1 flex-col gap-4 p-5">
        <Skeleton className="h-8 w-2/3" />
        <Skeleton className="h-24" />
        <Skeleton className="h-80" />
      </div>
    )

  return (
    <>
      <PageBar title="Approvals">
        {narrow && at.gate !== null && at.tab === 'open' ? (
          <Button
            size="sm"
            variant="ghost"
            icon={<ArrowLeft size={14} aria-hidden />}
            onClick={() => select(null)}
          >
            All gates
          </Button>
        ) : null}
      </PageBar>
      <Tabs
        label="Approvals"
        value={at.tab}
        onChange={(tab) => void go({ tab })}
        items={[
          { value: 'open', label: 'Waiting', count: gates.data ? items.length : undefined },
          { value: 'history', label: 'Decided' },
        ]}
        className="min-h-0 flex-1 bg-surface-1"
      >
        <TabPanel value="open" className="flex overflow-hidden">
          {narrow && at.gate !== null ? null : (
            <div
              className={cn(
                'min-h-0 shrink-0 overflow-y-auto',
                narrow || items.length === 0 ? 'w-full' : 'w-72 border-r xl:w-90',
              )}
            >
              {list}
            </div>
          )}
          {shown}
        </TabPanel>
        <TabPanel value="history">
          <DecisionHistory />
        </TabPanel>
      </Tabs>
    </>
  )
}

function Case({
  gate,
  offsetMs,
  decision,
  narrow,
  onDecision,
  onNext,
  onRefetch,
}: {
  gate: Parameters<typeof DecisionForm>[0]['gate']
  offsetMs: number
  decision: Decision | null
  narrow: boolean
  onDecision: (decision: Decision) => void
  onNext: () => void
  onRefetch: Parameters<typeof DecisionForm>[0]['onRefetch']
}) {
  const router = useRouter()
  const queryClient = useQueryClient()
  const trpc = useTRPC()
  const { detail, state } = useRun(gate.sagaId)
  const [sheet, setSheet] = useState(false)
  const steps = useMemo(() => (detail.data ? stepsOf(detail.data.document) : null), [detail.data])
  const title = (step: string) => steps?.get(step)?.title ?? step

  // The run moved: what the decisions would do may have changed with it.
  const { seq } = state.view
  const seen = useRef(0)
  useEffect(() => {
    if (seen.current !== 0 && seq > seen.current) {
      void queryClient.invalidateQueries({
        queryKey: trpc.approvals.get.queryKey({ gateId: gate.gateId }),
      })
    }
    seen.current = seq
  }, [seq, queryClient, trpc, gate.gateId])

  const form =
    gate.status === 'OPEN' && gate.preview ? (
      <DecisionForm
        gate={gate}
        title={title}
        decision={decision}
        onDecision={onDecision}
        onRefetch={onRefetch}
        onDecided={(words) => {
          setSheet(false)
          toast.success(`Decided: ${words}`, {
            description: gate.question,
            action: {
              label: 'See the run',
              onClick: () => router.push(`/runs/${encodeURIComponent(gate.sagaId)}`),
            },
          })
          onNext()
        }}
      />
    ) : (
      <Closed gate={gate} onNext={onNext} />
    )

  return (
    <>
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <div className="min-h-0 flex-1 overflow-y-auto">
          <GateCase gate={gate} run={detail.data} view={state.view} offsetMs={offsetMs} />
        </div>
        {narrow ? (
          <div className="shrink-0 border-t p-3">
            <Button
              variant="primary"
              size="lg"
              className="min-h-11 w-full"
              onClick={() => setSheet(true)}
            >
              {gate.status === 'OPEN' ? 'Decide…' : 'What was decided'}
            </Button>
          </div>
        ) : null}
      </div>
      {narrow ? (
        <Dialog open={sheet} onOpenChange={setSheet} title={gate.question}>
          <div className="-mx-5">{form}</div>
        </Dialog>
      ) : (
        <aside aria-label="Decision" className="w-80 shrink-0 overflow-y-auto border-l xl:w-90">
          {form}
        </aside>
      )}
    </>
  )
}

function Closed({
  gate,
  onNext,
}: {
  gate: Parameters<typeof DecisionForm>[0]['gate']
  onNext: () => void
}): ReactNode {
  const last = gate.decisions[0]
  return (
    <div className="flex flex-col items-start gap-3 p-4">
      <h3 className="font-semibold text-base">
        {gate.status === 'EXPIRED'
          ? 'Nobody decided in time'
          : gate.status === 'DECIDED' && last
            ? `${last.decidedByName} decided: ${DECISION_WORD[last.decision].toLowerCase()}`
            : 'This gate is closed'}
      </h3>
      <p className="text-text-2">
        {gate.status === 'EXPIRED'
          ? gate.onTimeout === 'ABORT'
            ? 'The saga was aborted, as it declares.'
            : 'The saga was paused, as it declares. An operator can resume it.'
          : gate.status === 'CANCELLED'
            ? 'The saga turned back before anybody decided.'
            : (last?.reasoning ?? 'The decision is in the saga’s journal.')}
      </p>
      <div className="flex gap-2">
        <ButtonLink href={`/runs/${encodeURIComponent(gate.sagaId)}`} size="sm">
          See the run
        </ButtonLink>
        <Button size="sm" onClick={onNext}>
          Next gate
        </Button>
      </div>
    </div>
  )
}

/** How far the server's clock is ahead of ours, from its last answer. */
function useOffset(serverNow: number | null): number {
  const [offset, setOffset] = useState(0)
  useEffect(() => {
    if (serverNow !== null) setOffset(serverNow - Date.now())
  }, [serverNow])
  return offset
}
