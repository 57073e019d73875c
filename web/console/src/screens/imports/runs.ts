import type { ImportPreview, ImportRun } from '../../api/types'

/** States in which a run moves on its own, so that the page keeps asking. */
const MOVING: ImportRun['status'][] = ['queued', 'running', 'undoing']

export function isMoving(status: ImportRun['status']): boolean {
  return MOVING.includes(status)
}

/** How far a run is, 0 to 100; null where that is not known yet. */
export function progressOf(run: Pick<ImportRun, 'pieces' | 'pieces_done'>): number | null {
  if (!run.pieces) return null
  return Math.min(100, Math.round((run.pieces_done * 100) / run.pieces))
}

export interface ShownColumn {
  name: string
  /** What it is read as; null where it is not read. */
  field: string | null
  confidence_bps: number
}

/** The file's columns in their order, each with what it is read as. */
export function shownColumns(preview: ImportPreview): ShownColumn[] {
  return preview.columns.map((name) => {
    const match = preview.mapping.find((one) => one.column === name)
    return {
      name,
      field: match?.field ?? null,
      confidence_bps: match?.confidence_bps ?? 0,
    }
  })
}
