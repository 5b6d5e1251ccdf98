'use client'

/** The bar over the designer: what is open and whether it is saved; undo, views, problems, run, publish. */
import {
  CircleAlert,
  CircleCheck,
  Code,
  Ellipsis,
  Frame,
  History,
  Info,
  Play,
  Redo2,
  Rocket,
  SquareSplitHorizontal,
  TriangleAlert,
  Undo2,
} from 'lucide-react'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import type { DefinitionDetail } from '@/server/api/contract'
import { PageBar } from '../shell/page-bar'
import { Button } from '../ui/button'
import { cn } from '../ui/cn'
import { IconButton } from '../ui/icon-button'
import { Menu, MenuItem, MenuSeparator } from '../ui/menu'
import { countIssues, problemWords } from './problem-list'
import { SaveState } from './save-state'
import { type Session, useDesigner } from './session'

export type View = 'design' | 'split' | 'code'

const VIEWS = [
  { value: 'design', label: 'Design', icon: Frame },
  { value: 'split', label: 'Split', icon: SquareSplitHorizontal },
  { value: 'code', label: 'Code', icon: Code },
] as const

export function DesignerBar({
  session,
  detail,
  view,
  locked,
  publishRefusal,
  runRefusal,
  onView,
  onProblems,
  onMerge,
  onPublish,
  onRun,
  onDiscard,
}: {
  session: Session
  detail: DefinitionDetail
  view: View
  locked: string | null
  publishRefusal: string | null
  runRefusal: string | null
  onView: (view: View) => void
  onProblems: () => void
  onMerge: () => void
  onPublish: () => void
  onRun: () => void
  onDiscard: () => void
}) {
  const { store, saver } = session
  const router = useRouter()
  const title = useDesigner(store, (state) => state.document?.title) ?? detail.title
  const undoLabel = useDesigner(store, (state) => state.undoLabel)
  const redoLabel = useDesigner(store, (state) => state.redoLabel)
  const issues = useDesigner(store, (state) => state.issues)
  const text = useDesigner(store, (state) => state.text)
  const counts = countIssues(issues)
  const { errors, warnings, advice } = counts
  const { published } = detail
  const versions = `/sagas/${detail.name}/versions`
  const changed = published !== null && published.source !== text
  return (
    <PageBar
      title={title}
      crumbs={[{ href: '/sagas', title: 'Sagas' }]}
      after={
        <>
          <Link
            href={versions}
            title={changed ? 'The draft differs from this version' : 'The newest version'}
            className="shrink-0 rounded-sm bg-surface-3 px-1.5 text-text-2 text-xs leading-5 hover:text-text max-md:hidden"
          >
            {published ? `v${published.version}${changed ? ' + draft' : ''}` : 'Never published'}
          </Link>
          <SaveState saver={saver} onResolve={onMerge} />
        </>
      }
    >
      <IconButton
        className="max-md:hidden"
        label={undoLabel ? `Undo: ${undoLabel}` : 'Undo'}
        keys="mod+z"
        icon={<Undo2 size={15} />}
        disabledReason={undoLabel ? null : 'nothing to undo'}
        onClick={() => store.undo()}
      />
      <IconButton
        className="max-md:hidden"
        label={redoLabel ? `Redo: ${redoLabel}` : 'Redo'}
        keys="mod+y"
        icon={<Redo2 size={15} />}
        disabledReason={redoLabel ? null : 'nothing to redo'}
        onClick={() => store.redo()}
      />
      <fieldset aria-label="View" className="flex rounded-md border p-px">
        {VIEWS.map(({ value, label, icon: Icon }) => (
          <button
            key={value}
            type="button"
            aria-pressed={view === value}
            onClick={() => onView(value)}
            className={cn(
              'flex h-7 items-center gap-1.5 rounded-sm px-2 font-medium text-sm text-text-2 hover:text-text',
              view === value && 'bg-surface-3 text-text',
              value === 'split' && 'max-md:hidden',
            )}
          >
            <Icon size={14} aria-hidden />
            <span className="max-xl:sr-only">{label}</span>
          </button>
        ))}
      </fieldset>
      <Button
        className="max-md:hidden"
        variant="ghost"
        aria-label={`${problemWords(counts)}. Show the problems`}
        onClick={onProblems}
        icon={
          errors > 0 ? (
            <CircleAlert size={14} className="text-state-failed" aria-hidden />
          ) : warnings > 0 ? (
            <TriangleAlert size={14} className="text-state-compensating" aria-hidden />
          ) : advice > 0 ? (
            <Info size={14} className="text-text-3" aria-hidden />
          ) : (
            <CircleCheck size={14} className="text-state-completed" aria-hidden />
          )
        }
      >
        <span className="tabular-nums">{problemWords(counts)}</span>
      </Button>
      <Button
        className="max-md:hidden"
        icon={<Play size={14} aria-hidden />}
        disabledReason={runRefusal}
        onClick={onRun}
      >
        Run
      </Button>
      <Button
        variant="primary"
        icon={<Rocket size={14} aria-hidden />}
        disabledReason={publishRefusal}
        onClick={onPublish}
      >
        Publish
      </Button>
      <Menu trigger={<IconButton label="More" icon={<Ellipsis size={16} />} />}>
        <MenuItem icon={<History size={14} />} onSelect={() => router.push(versions)}>
          Versions
        </MenuItem>
        <MenuItem icon={<Play size={14} />} disabledReason={runRefusal} onSelect={onRun}>
          Start a run…
        </MenuItem>
        <MenuItem icon={<CircleAlert size={14} />} onSelect={onProblems}>
          Problems
        </MenuItem>
        <MenuSeparator />
        <MenuItem
          icon={<Undo2 size={14} />}
          disabledReason={undoLabel ? null : 'Nothing to undo'}
          onSelect={() => store.undo()}
        >
          Undo
        </MenuItem>
        <MenuItem
          icon={<Redo2 size={14} />}
          disabledReason={redoLabel ? null : 'Nothing to redo'}
          onSelect={() => store.redo()}
        >
          Redo
        </MenuItem>
        <MenuSeparator />
        <MenuItem
          danger
          disabledReason={
            locked ??
            (published === null
              ? 'Nothing was published to go back to'
              : changed
                ? null
                : 'The draft is the published text')
          }
          onSelect={onDiscard}
        >
          Discard the draft…
        </MenuItem>
      </Menu>
    </PageBar>
  )
}
