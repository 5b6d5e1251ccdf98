'use client'

/** Zoom, fit, tidy, and whether the way back is shown. */
import { Maximize, Minus, Plus, Undo2, WandSparkles } from 'lucide-react'
import { IconButton } from '../ui/icon-button'
import type { Camera } from './use-camera'

export function CanvasControls({
  camera,
  mode,
  showUndo,
  undoCount,
  onShowUndo,
  onTidy,
  tidyRefusal,
}: {
  camera: Camera
  mode: 'edit' | 'view'
  showUndo: boolean
  undoCount: number
  onShowUndo: (show: boolean) => void
  onTidy: () => void
  tidyRefusal: string | null
}) {
  return (
    <div
      role="toolbar"
      data-covers
      aria-label="View"
      className="absolute bottom-3 left-3 z-10 flex items-center rounded-lg border bg-surface-1 p-0.5"
    >
      <IconButton
        side="top"
        label="Zoom out"
        keys="-"
        icon={<Minus size={15} />}
        onClick={() => camera.zoomBy(1 / 1.25)}
      />
      <button
        type="button"
        aria-label="Zoom to 100 %"
        className="h-8 w-12 rounded-md text-text-2 text-xs tabular-nums hover:bg-surface-3 hover:text-text"
        onClick={() => camera.zoomTo(1)}
      >
        <span ref={camera.zoomLabel}>100 %</span>
      </button>
      <IconButton
        side="top"
        label="Zoom in"
        keys="+"
        icon={<Plus size={15} />}
        onClick={() => camera.zoomBy(1.25)}
      />
      <IconButton
        side="top"
        label="Fit everything"
        keys="1"
        icon={<Maximize size={15} />}
        onClick={() => camera.fit()}
      />
      <span className="mx-1 h-5 w-px bg-border" />
      {mode === 'edit' ? (
        <IconButton
          side="top"
          label="Tidy up"
          keys="alt+shift+t"
          icon={<WandSparkles size={15} />}
          disabledReason={tidyRefusal}
          onClick={onTidy}
        />
      ) : null}
      <IconButton
        side="top"
        label={showUndo ? 'Hide the way back' : 'Show the way back'}
        keys="b"
        pressed={showUndo}
        icon={<Undo2 size={15} />}
        disabledReason={undoCount === 0 ? 'no step has a compensation yet' : null}
        onClick={() => onShowUndo(!showUndo)}
      />
    </div>
  )
}
