'use client'

/** Two versions of one draft: both are shown, the merge can be edited, and what is not taken stays one undo away. */
import dynamic from 'next/dynamic'
import { useMemo, useState } from 'react'
import type { Layout } from '@/runtime/definition/schema'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { mergeText } from './merge-text'

const CodeDiff = dynamic(() => import('../code/code-diff').then((module) => module.CodeDiff), {
  ssr: false,
})

export interface Side {
  source: string
  layout: Layout
}

export function MergeDialog({
  open,
  title,
  description,
  base,
  mine,
  theirs,
  theirName,
  onChoose,
  onOpenChange,
}: {
  open: boolean
  title: string
  description: string
  /** The text both sides began with. */
  base: string
  mine: Side
  theirs: Side
  /** What the other side is called on its button. */
  theirName: string
  onChoose: (chosen: Side) => void
  onOpenChange: (open: boolean) => void
}) {
  const merged = useMemo(
    () => mergeText(base, mine.source, theirs.source),
    [base, mine.source, theirs.source],
  )
  const [edited, setEdited] = useState<string | null>(null)
  const result = edited ?? merged.text
  const layout: Layout = {
    positions: { ...theirs.layout.positions, ...mine.layout.positions },
    notes: mine.layout.notes,
  }
  const choose = (side: Side) => {
    setEdited(null)
    onChoose(side)
  }
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      wide
      dismissable={false}
      title={title}
      description={description}
      footer={
        <>
          <Button variant="ghost" onClick={() => choose(theirs)}>
            Take {theirName}
          </Button>
          <Button onClick={() => choose(mine)}>Keep mine</Button>
          <Button variant="primary" onClick={() => choose({ source: result, layout })}>
            Save the merge
          </Button>
        </>
      }
    >
      <p className="mb-2 text-text-2">
        Left: {theirName}. Right: the merge, which you can edit.{' '}
        {merged.conflicts === 0
          ? 'Both sides’ changes fit together.'
          : `In ${merged.conflicts} ${merged.conflicts === 1 ? 'place' : 'places'} both sides changed the same lines; yours are shown.`}
      </p>
      <div className="h-[min(50vh,28rem)] overflow-hidden rounded-lg border">
        {open ? (
          <CodeDiff original={theirs.source} modified={result} onChange={setEdited} label="Merge" />
        ) : null}
      </div>
    </Dialog>
  )
}
