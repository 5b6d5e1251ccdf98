'use client'

/**
 * `/runs/[sagaId]`: the drawing with the run on it, live, and beside it the selected step, the timeline, the journal
 * and the children. What is selected is in the URL.
 */
import { useQuery } from '@tanstack/react-query'
import {
  CircleAlert,
  Ellipsis,
  Pause,
  Play,
  Radio,
  RotateCcw,
  Undo2,
  UserRound,
} from 'lucide-react'
import Link from 'next/link'
import { parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useCallback, useMemo, useState } from 'react'
import { Group, Panel, Separator } from 'react-resizable-panels'
import { TERMINAL } from '@/runtime/journal/entry'
import { stepsOf } from '@/runtime/projection/document-steps'
import type { SagaDetail } from '@/server/api/contract'
import { useTRPC } from '../api'
import { type Action, useActions } from '../shell/actions'
import { useRefusal } from '../shell/me'
import { PageBar } from '../shell/page-bar'
import { StatusBadge } from '../ui/badge'
import { Banner } from '../ui/banner'
import { Button, ButtonLink } from '../ui/button'
import { Copyable } from '../ui/copyable'
import { ErrorState } from '../ui/error-state'
import { errorWords } from '../ui/error-words'
import { IconButton } from '../ui/icon-button'
import { LiveMark } from '../ui/live-mark'
import { Menu, MenuItem, MenuSeparator } from '../ui/menu'
import { useNarrow } from '../ui/narrow'
import { Elapsed, RelativeTime } from '../ui/relative-time'
import { Skeleton } from '../ui/skeleton'
import { TabPanel, Tabs } from '../ui/tabs'
import { ChildrenPanel } from './children-panel'
import { JournalPanel } from './journal-panel'
import { refusalsOf } from './run-controls'
import { RunDrawing } from './run-drawing'
import { newsOf } from './run-news'
import { SignalDialog } from './signal-dialog'
import { StartRun } from './start-run'
import { RunOutline, StepPanel } from './step-panel'
import { StuckBanner } from './stuck-banner'
import { TimelinePanel } from './timeline-panel'
import { useRun } from './use-run'
import { type Verb, VerbDialog } from './verb-dialog'

const TABS = ['step', 'timeline', 'journal', 'children'] as const
const place = {
  step: parseAsString,
  tab: parseAsStringLiteral(TABS).withDefault('step'),
  seq: parseAsInteger,
  journal: parseAsStringLiteral(['compact', 'full', 'raw'] as const).withDefault('compact'),
}

export function RunPage({ sagaId }: { sagaId: string }) {
  const run = useRun(sagaId)
  if (run.detail.isError && !run.detail.data) {
    return (
      <>
        <PageBar title={sagaId} crumbs={[{ href: '/runs', title: 'Runs' }]} />
        <ErrorState
          what={`open the run ${sagaId}`}
          error={{ message: errorWords(run.detail.error) }}
          onRetry={() => void run.detail.refetch()}
        />
        <div className="text-center">
          <ButtonLink href="/runs">See all runs</ButtonLink>
        </div>
      </>
    )
  }
  if (!run.detail.data) {
    return (
      <>
        <PageBar
          title={<Skeleton className="h-4 w-48" />}
          crumbs={[{ href: '/runs', title: 'Runs' }]}
        />
        <div className="flex flex-1 gap-px">
          <div className="flex-1" />
          <div className="flex w-104 flex-col gap-4 border-l bg-surface-1 p-4 max-md:hidden">
            <Skeleton className="h-6 w-2/3" />
            <Skeleton className="h-28" />
            <Skeleton className="h-28" />
          </div>
        </div>
      </>
    )
  }
  return <Loaded detail={run.detail.data} state={run.state} loadOlder={run.loadOlder} />
}

function Loaded({
  detail,
  state,
  loadOlder,
}: {
  detail: SagaDetail
  state: ReturnType<typeof useRun>['state']
  loadOlder: () => Promise<void>
}) {
  const { sagaId } = detail
  const { view } = state
  const [at, go] = useQueryStates(place)
  const [verb, setVerb] = useState<Verb | null>(null)
  const [signalling, setSignalling] = useState(false)
  const [again, setAgain] = useState(false)
  const narrow = useNarrow()
  const steps = useMemo(() => stepsOf(detail.document), [detail.document])
  const title = useCallback((id: string) => steps.get(id)?.title ?? id, [steps])
  const may = useRefusal()

  const status = view.seq > 0 ? view.status : detail.status
  const endedAt = view.seq > 0 ? view.endedAt : (detail.completedAt?.getTime() ?? null)
  const ended = TERMINAL.includes(status)
  const refusals = refusalsOf(view, steps)
  const operate = may('saga:operate')
  const trpc = useTRPC()
  const hasChildren = view.order.some((id) => (view.steps.get(id)?.children.length ?? 0) > 0)
  const waits = useQuery(
    trpc.sagas.waitsFor.queryOptions(
      { sagaId },
      { enabled: hasChildren && !ended, refetchInterval: 5_000 },
    ),
  )
  const news = newsOf(view, steps, ended ? null : (waits.data ?? null))
  const select = useCallback(
    (step: string | null) => void go({ step, ...(step === null ? {} : { tab: 'step' }) }),
    [go],
  )

  const verbs = [
    {
      name: 'pause',
      title: 'Pause',
      icon: <Pause size={14} aria-hidden />,
      keys: 'p',
      refusal: operate ?? refusals.pause,
    },
    {
      name: 'resume',
      title: 'Resume',
      icon: <Play size={14} aria-hidden />,
      keys: 'p',
      refusal: operate ?? refusals.resume,
    },
    {
      name: 'cancel',
      title: 'Cancel…',
      icon: <Undo2 size={14} aria-hidden />,
      keys: 'shift+c',
      refusal: operate ?? refusals.cancel,
    },
    {
      name: 'rollBack',
      title: 'Roll back by force…',
      icon: <RotateCcw size={14} aria-hidden />,
      keys: undefined,
      refusal: may('saga:force') ?? refusals.rollBack,
    },
  ] as const
  const paused = status === 'PAUSED'
  const shown = verbs.filter((each) => each.name !== (paused ? 'pause' : 'resume'))
  const signalRefusal = operate ?? refusals.signal

  const group = 'This run'
  useActions([
    ...shown.map(
      (each): Action => ({
        id: `run.${each.name}`,
        title: each.title,
        group,
        disabledReason: each.refusal,
        run: () => setVerb({ name: each.name }),
        ...(each.keys ? { keys: each.keys } : {}),
      }),
    ),
    {
      id: 'run.signal',
      title: 'Send a signal…',
      group,
      disabledReason: signalRefusal,
      run: () => setSignalling(true),
    },
    ...TABS.map(
      (tab, index): Action => ({
        id: `run.tab.${tab}`,
        title: `Show ${tab}`,
        group,
        keys: `alt+${index + 1}`,
        keysOnly: true,
        run: () => void go({ tab }),
      }),
    ),
    {
      id: 'run.clear',
      title: 'Select no step',
      group,
      keys: 'escape',
      keysOnly: true,
      run: () => select(null),
    },
  ])

  const panel = (
    <Tabs
      label="About this run"
      value={at.tab}
      onChange={(tab) => void go({ tab })}
      className="h-full bg-surface-1"
      items={[
        { value: 'step', label: at.step ? 'Step' : 'Overview' },
        { value: 'timeline', label: 'Timeline' },
        { value: 'journal', label: 'Journal', count: view.seq || undefined },
        { value: 'children', label: 'Children', count: detail.children || undefined },
      ]}
    >
      <TabPanel value="step">
        {at.step && steps.has(at.step) ? (
          <StepPanel
            id={at.step}
            step={view.steps.get(at.step)}
            steps={steps}
            view={view}
            refusal={operate}
            onVerb={(name) =>
              at.step && setVerb({ name, step: at.step, title: `“${title(at.step)}”` })
            }
            onJournal={(seq) => void go({ tab: 'journal', seq })}
          />
        ) : (
          <RunOutline
            view={view}
            steps={steps}
            input={detail.input}
            output={view.output ?? detail.output}
            onSelect={select}
          />
        )}
      </TabPanel>
      <TabPanel value="timeline">
        <TimelinePanel view={view} title={title} selected={at.step} onSelect={select} />
      </TabPanel>
      <TabPanel value="journal">
        <JournalPanel
          entries={state.entries}
          startedAt={view.startedAt ?? detail.startedAt.getTime()}
          title={title}
          mode={at.journal}
          onMode={(journal) => void go({ journal })}
          seq={at.seq}
          onSeq={(seq) => void go({ seq })}
          onStep={select}
          onOlder={loadOlder}
        />
      </TabPanel>
      <TabPanel value="children">
        <ChildrenPanel sagaId={sagaId} changedSeq={childSeq(view.steps)} />
      </TabPanel>
    </Tabs>
  )
  const drawing = (
    <RunDrawing
      document={detail.document}
      layout={detail.layout}
      view={view}
      selected={at.step}
      onSelect={select}
    />
  )

  const banners = (
    <>
      <StuckBanner sagaId={sagaId} />
      {news ? (
        <Banner
          tone={news.tone}
          role={news.tone === 'failed' ? 'alert' : 'status'}
          icon={
            news.gate ? <UserRound size={16} aria-hidden /> : <CircleAlert size={16} aria-hidden />
          }
          title={news.title}
          action={
            news.run && !news.gate ? (
              <ButtonLink
                href={`/runs/${encodeURIComponent(news.run)}`}
                size="sm"
                variant="primary"
              >
                Open that run
              </ButtonLink>
            ) : news.gate ? (
              <ButtonLink
                href={`/approvals?gate=${encodeURIComponent(news.gate)}`}
                size="sm"
                variant="primary"
              >
                Decide
              </ButtonLink>
            ) : news.step && news.step !== at.step ? (
              <Button size="sm" onClick={() => select(news.step)}>
                Show the step
              </Button>
            ) : undefined
          }
        >
          {news.why ? <p className="break-words">{news.why}</p> : null}
          <p>{news.next}</p>
        </Banner>
      ) : null}
    </>
  )

  return (
    <>
      <PageBar
        title={detail.name}
        crumbs={[
          { href: '/runs', title: 'Runs' },
          ...(detail.parentId
            ? [{ href: `/runs/${encodeURIComponent(detail.parentId)}`, title: 'Parent' }]
            : []),
        ]}
        after={<StatusBadge saga={status} />}
      >
        {narrow
          ? null
          : shown
              .filter((each) => each.name !== 'rollBack')
              .map((each) => (
                <Button
                  key={each.name}
                  size="sm"
                  icon={each.icon}
                  disabledReason={each.refusal}
                  onClick={() => setVerb({ name: each.name })}
                >
                  {each.title}
                </Button>
              ))}
        <Menu trigger={<IconButton label="More" icon={<Ellipsis size={16} aria-hidden />} />}>
          {(narrow ? shown : shown.filter((each) => each.name === 'rollBack')).map((each) => (
            <MenuItem
              key={each.name}
              icon={each.icon}
              danger={each.name === 'rollBack' || each.name === 'cancel'}
              disabledReason={each.refusal}
              onSelect={() => setVerb({ name: each.name })}
            >
              {each.title}
            </MenuItem>
          ))}
          <MenuItem
            icon={<Radio size={14} aria-hidden />}
            disabledReason={signalRefusal}
            onSelect={() => setSignalling(true)}
          >
            Send a signal…
          </MenuItem>
          <MenuSeparator />
          <MenuItem
            icon={<Play size={14} aria-hidden />}
            disabledReason={may('saga:start')}
            onSelect={() => setAgain(true)}
          >
            Start another run…
          </MenuItem>
        </Menu>
      </PageBar>

      <div className="flex h-9 shrink-0 items-center gap-4 overflow-x-auto whitespace-nowrap border-b bg-surface-1 px-4 text-text-2 text-xs [scrollbar-width:none]">
        <Copyable value={sagaId} />
        <Link
          href={`/sagas/${detail.definition}?version=${detail.version}`}
          className="rounded-sm hover:text-text hover:underline"
        >
          {detail.definition} v{detail.version}
        </Link>
        {detail.ventureName ? <span>{detail.ventureName}</span> : null}
        <span>
          Started <RelativeTime at={detail.startedAt} />
          {detail.startedBy ? ` by ${detail.startedBy}` : ''}
        </span>
        <span className="tabular-nums">
          {ended ? 'Took' : status === 'RUNNING' ? 'Running for' : 'Open for'}{' '}
          <Elapsed from={detail.startedAt} to={endedAt} />
        </span>
        <span className="ml-auto">
          {state.catchingUp ? (
            <span role="status">Reading the journal, entry {view.seq}</span>
          ) : (
            <LiveMark connection={state.connection} heardAt={state.heardAt} ended={ended} />
          )}
        </span>
      </div>

      {narrow ? (
        // It scrolls as a whole, or nothing would be left of the panel on a low screen, or at 200 % zoom.
        <div className="flex min-h-0 flex-1 flex-col overflow-y-auto">
          {banners}
          <div className="h-2/5 min-h-48 shrink-0 border-b">{drawing}</div>
          <div className="h-full min-h-80 flex-1 shrink-0">{panel}</div>
        </div>
      ) : (
        <>
          {banners}
          <Group orientation="horizontal" className="min-h-0 flex-1">
            <Panel id="drawing" minSize="320px">
              {drawing}
            </Panel>
            <Separator className="w-px bg-border transition-colors hover:bg-accent focus-visible:bg-accent" />
            <Panel id="about" defaultSize="420px" minSize="320px" maxSize="70%">
              {panel}
            </Panel>
          </Group>
        </>
      )}

      {verb ? (
        <VerbDialog verb={verb} sagaId={sagaId} view={view} onClose={() => setVerb(null)} />
      ) : null}
      {signalling ? (
        <SignalDialog sagaId={sagaId} steps={steps} onClose={() => setSignalling(false)} />
      ) : null}
      <StartRun
        open={again}
        onOpenChange={setAgain}
        definition={detail.definition}
        version={detail.version}
      />
    </>
  )
}

/** The newest entry that touched a step with children. */
function childSeq(steps: ReadonlyMap<string, { children: unknown[]; lastSeq: number }>): number {
  let seq = 0
  for (const step of steps.values()) if (step.children.length > 0) seq = Math.max(seq, step.lastSeq)
  return seq
}
