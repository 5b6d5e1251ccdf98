'use client'

/** `/sagas/<name>`: one definition open for editing. Loads it, keeps it saved, and holds the dialogs around it. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { History } from 'lucide-react'
import { useRouter } from 'next/navigation'
import {
  parseAsBoolean,
  parseAsInteger,
  parseAsString,
  parseAsStringLiteral,
  useQueryState,
  useQueryStates,
} from 'nuqs'
import { useCallback, useEffect, useRef, useState } from 'react'
import { toast } from 'sonner'
import type { DefinitionDetail } from '@/server/api/contract'
import { useTRPC, useTRPCClient } from '../api'
import { StartRun } from '../run/start-run'
import { useActions } from '../shell/actions'
import { useRefusal } from '../shell/me'
import { PageBar } from '../shell/page-bar'
import { Banner } from '../ui/banner'
import { Button } from '../ui/button'
import { ConfirmDialog } from '../ui/confirm-dialog'
import { ErrorState } from '../ui/error-state'
import { errorWords } from '../ui/error-words'
import { Skeleton } from '../ui/skeleton'
import { dateTime } from '../ui/time'
import { DesignerBar } from './designer-bar'
import type { Backup } from './draft-saver'
import { MergeDialog } from './merge-dialog'
import { PublishDialog } from './publish-dialog'
import { useSaverState } from './save-state'
import { type Session, useDesigner, useSession } from './session'
import { useCatalog } from './use-catalog'
import { useSchemaCheck } from './use-schema-check'
import { type Panes, Workbench } from './workbench'

export function Designer({ name }: { name: string }) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const definition = useQuery(
    trpc.definitions.get.queryOptions(
      { name },
      { staleTime: Number.POSITIVE_INFINITY, refetchOnMount: 'always' },
    ),
  )
  // a cached answer of an earlier visit may be old: the session begins with a fresh one
  const fresh = definition.isFetchedAfterMount ? definition.data : undefined
  const session = useSession(fresh, client)
  if (definition.isError && !session) {
    return (
      <>
        <PageBar title={name} crumbs={[{ href: '/sagas', title: 'Sagas' }]} />
        <ErrorState
          what={`open ${name}`}
          error={{ message: errorWords(definition.error) }}
          onRetry={() => void definition.refetch()}
        />
      </>
    )
  }
  if (!session || !definition.data) {
    return (
      <>
        <PageBar title={name} crumbs={[{ href: '/sagas', title: 'Sagas' }]} />
        <div role="status" className="flex min-h-0 flex-1 justify-center pt-16">
          <span className="sr-only">Loading</span>
          <Skeleton className="h-16 w-58" />
        </div>
      </>
    )
  }
  return <Open session={session} detail={definition.data} />
}

const VIEWS = ['design', 'split', 'code'] as const

function Open({ session, detail }: { session: Session; detail: DefinitionDetail }) {
  const { store, saver } = session
  const { name } = detail
  const trpc = useTRPC()
  const client = useTRPCClient()
  const queries = useQueryClient()
  const router = useRouter()
  const refusalFor = useRefusal()
  const refusal = refusalFor('definition:write')
  const [view, setView] = useQueryState(
    'view',
    parseAsStringLiteral(VIEWS).withDefault('design').withOptions({ clearOnDefault: true }),
  )
  const [panes, setPanes] = useQueryStates({
    left: parseAsStringLiteral(['add', 'outline', 'none'] as const),
    inspector: parseAsBoolean,
    problems: parseAsBoolean.withDefault(false),
  })
  const [run, setRun] = useQueryState('run', parseAsBoolean.withDefault(false))
  const [publishing, setPublishing] = useState(false)
  const [merging, setMerging] = useState(true)
  const [discarding, setDiscarding] = useState(false)
  const { catalog, knowledge } = useCatalog(name)
  const state = useSaverState(saver)
  useDeepLinks(session)
  useSchemaCheck(store)

  // on a narrow page the panels would cover the drawing, so there they open when asked
  const wide = useWide()
  const shown: Panes = {
    left:
      panes.left === null
        ? wide && view === 'design'
          ? 'add'
          : null
        : panes.left === 'none'
          ? null
          : panes.left,
    inspector: panes.inspector ?? wide,
    problems: panes.problems,
  }
  const onPanes = useCallback(
    (next: Partial<Panes>) => {
      const { left, ...rest } = next
      void setPanes({ ...rest, ...(left === undefined ? {} : { left: left ?? 'none' }) })
    },
    [setPanes],
  )
  useEffect(() => {
    if (knowledge) store.know(knowledge)
  }, [store, knowledge])
  // another tab or person may have saved while this one was in the background
  useEffect(() => {
    const look = async () => {
      if (document.visibilityState !== 'visible' || !saver.clean) return
      const newest = await queries.fetchQuery({
        ...trpc.definitions.get.queryOptions({ name }),
        staleTime: 0,
      })
      if (newest.draft.revision <= saver.revision || !saver.clean) return
      saver.adopt(newest.draft, `Take over from ${newest.draft.updatedBy}`)
      toast(`${newest.draft.updatedBy} has changed this saga; you see the newest text now`)
    }
    const quietly = () => void look().catch(() => undefined)
    document.addEventListener('visibilitychange', quietly)
    window.addEventListener('focus', quietly)
    return () => {
      document.removeEventListener('visibilitychange', quietly)
      window.removeEventListener('focus', quietly)
    }
  }, [name, queries, saver, trpc])
  useEffect(() => {
    if (state.status === 'conflict') setMerging(true)
  }, [state.status])

  const publishRefusal = refusalFor('definition:publish')
  const runRefusal =
    refusalFor('saga:start') ?? (detail.published ? null : 'Publish it first; only versions run')
  const undo = () => {
    if (store.undo() === null) toast('Nothing to undo')
  }
  const redo = () => {
    if (store.redo() === null) toast('Nothing to redo')
  }
  const problems = () => void setPanes({ problems: !shown.problems })
  const group = 'This saga'
  useActions([
    { id: 'designer.undo', title: 'Undo', group, keys: 'mod+z', run: undo },
    { id: 'designer.redo', title: 'Redo', group, keys: 'mod+y', run: redo },
    {
      id: 'designer.redo-too',
      title: 'Redo',
      group,
      keys: 'mod+shift+z',
      keysOnly: true,
      run: redo,
    },
    {
      id: 'designer.save',
      title: 'Save the draft now',
      group,
      keys: 'mod+s',
      everywhere: true,
      run: () => void saver.flush(),
    },
    {
      id: 'designer.view-design',
      title: 'Show the drawing',
      group,
      keys: 'alt+1',
      everywhere: true,
      run: () => void setView('design'),
    },
    {
      id: 'designer.view-split',
      title: 'Show drawing and code',
      group,
      keys: 'alt+2',
      everywhere: true,
      run: () => void setView('split'),
    },
    {
      id: 'designer.view-code',
      title: 'Show the code',
      group,
      keys: 'alt+3',
      everywhere: true,
      run: () => void setView('code'),
    },
    {
      id: 'designer.outline',
      title: 'Show the outline',
      group,
      keys: 'o',
      run: () => onPanes({ left: 'outline' }),
    },
    {
      id: 'designer.palette',
      title: 'Show what can be added',
      group,
      run: () => onPanes({ left: 'add' }),
    },
    {
      id: 'designer.inspector',
      title: 'Show or hide the inspector',
      group,
      keys: 'i',
      run: () => onPanes({ inspector: !shown.inspector }),
    },
    {
      id: 'designer.problems',
      title: 'Show or hide the problems',
      group,
      keys: 'p',
      run: problems,
    },
    {
      id: 'designer.publish',
      title: 'Publish',
      group,
      disabledReason: publishRefusal,
      run: () => setPublishing(true),
    },
    {
      id: 'designer.run',
      title: 'Start a run',
      group,
      keys: 'mod+enter',
      disabledReason: runRefusal,
      run: () => void setRun(true),
    },
    {
      id: 'designer.versions',
      title: 'Versions',
      group,
      run: () => router.push(`/sagas/${name}/versions`),
    },
  ])

  const discard = async () => {
    const { published } = detail
    if (!published) return
    const version = await client.definitions.version.query({ name, version: published.version })
    store.replace(version, 'Discard the draft')
    toast('The draft is the published text again', { action: { label: 'Undo', onClick: undo } })
  }
  return (
    <>
      <DesignerBar
        session={session}
        detail={detail}
        view={view}
        locked={refusal}
        publishRefusal={publishRefusal}
        runRefusal={runRefusal}
        onView={(next) => void setView(next)}
        onProblems={problems}
        onMerge={() => setMerging(true)}
        onPublish={() => setPublishing(true)}
        onRun={() => void setRun(true)}
        onDiscard={() => setDiscarding(true)}
      />
      <Backups session={session} detail={detail} />
      <Workbench
        store={store}
        catalog={catalog}
        refusal={refusal}
        view={view}
        panes={shown}
        onPanes={onPanes}
        onView={(next) => void setView(next)}
      />
      <PublishDialog
        open={publishing}
        onOpenChange={setPublishing}
        session={session}
        detail={detail}
        onProblems={() => void setPanes({ problems: true })}
        onPublished={() => undefined}
      />
      <StartRun open={run} onOpenChange={(open) => void setRun(open || null)} definition={name} />
      {state.status === 'conflict' ? (
        <MergeDialog
          open={merging}
          onOpenChange={setMerging}
          title="This saga was changed elsewhere"
          description={`${state.theirs.updatedBy} has saved another version since you began. Nothing is lost: what you do not take stays one undo away.`}
          base={state.base}
          mine={{ source: store.getState().text, layout: store.getState().layout }}
          theirs={state.theirs}
          theirName="the other version"
          onChoose={(chosen) => saver.resolve(state.theirs, chosen)}
        />
      ) : null}
      <ConfirmDialog
        open={discarding}
        onOpenChange={setDiscarding}
        title="Discard the draft?"
        consequences={[
          `The draft becomes the text of version ${detail.published?.version ?? ''} again.`,
          'Undo brings the draft back as long as this page stays open.',
          'Published versions and runs are not touched.',
        ]}
        verb="Discard the draft"
        danger
        asksReason={false}
        onConfirm={discard}
      />
    </>
  )
}

/** Texts that never reached the server, found in this browser. Nothing happens to them until somebody looks. */
function Backups({ session, detail }: { session: Session; detail: DefinitionDetail }) {
  const { store } = session
  const [list, setList] = useState(session.backups)
  const [open, setOpen] = useState<Backup | null>(null)
  const text = useDesigner(store, (state) => state.text)
  const layout = useDesigner(store, (state) => state.layout)
  const [first] = list
  const forget = (backup: Backup) => {
    localStorage.removeItem(backup.key)
    setList((before) => before.filter((one) => one.key !== backup.key))
  }
  if (!first) return null
  return (
    <>
      <Banner
        tone="paused"
        icon={<History size={16} aria-hidden />}
        title={`Changes of ${dateTime(first.at)} were never saved; this browser has kept them`}
        action={
          <div className="flex gap-2">
            <Button size="sm" onClick={() => setOpen(first)}>
              Compare
            </Button>
            <Button size="sm" variant="ghost" onClick={() => forget(first)}>
              Forget them
            </Button>
          </div>
        }
      />
      {open ? (
        <MergeDialog
          open
          onOpenChange={() => setOpen(null)}
          title="Unsaved changes"
          description="Your changes that this browser has kept, beside the draft as it is now."
          base={open.revision === detail.draft.revision ? detail.draft.source : text}
          mine={open}
          theirs={{ source: text, layout }}
          theirName="the draft"
          onChoose={(chosen) => {
            if (chosen.source !== text) store.replace(chosen, 'Restore unsaved changes')
            forget(open)
            setOpen(null)
          }}
        />
      ) : null}
    </>
  )
}

/** `?step=` selects a step and follows the selection; `?restore=` puts an older version into the draft. */
function useDeepLinks({ store }: Session) {
  const client = useTRPCClient()
  const [step, setStep] = useQueryState('step', parseAsString)
  const [restore, setRestore] = useQueryState('restore', parseAsInteger)
  const selection = useDesigner(store, (state) => state.selection)
  const begun = useRef<DesignerStore | null>(null)
  useEffect(() => {
    if (begun.current === store) return
    begun.current = store
    if (step !== null && store.stepIds().includes(step)) store.select([step])
  }, [store, step])
  useEffect(() => {
    if (begun.current !== store) return
    void setStep(selection.length === 1 ? (selection[0] ?? null) : null, { throttleMs: 300 })
  }, [store, selection, setStep])
  useEffect(() => {
    if (restore === null) return
    void setRestore(null)
    const name = store.getState().document?.name
    if (!name) return
    client.definitions.version
      .query({ name, version: restore })
      .then((version) => {
        store.replace(version, `Restore version ${restore}`)
        toast(`The draft is version ${restore} now; undo brings the former draft back`)
      })
      .catch((error: unknown) => toast.error(errorWords(error)))
  }, [restore, setRestore, client, store])
}

type DesignerStore = Session['store']

function useWide(): boolean {
  const [wide, setWide] = useState(true)
  useEffect(() => {
    const media = window.matchMedia('(min-width: 64rem)')
    const read = () => setWide(media.matches)
    read()
    media.addEventListener('change', read)
    return () => media.removeEventListener('change', read)
  }, [])
  return wide
}
