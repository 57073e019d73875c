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

const KEY = 'regulars.preview.'

/** A preview is told once, with the upload; kept for this tab so that a reload shows it again. */
export function keepPreview(id: string, preview: ImportPreview): void {
  try {
    sessionStorage.setItem(KEY + id, JSON.stringify(preview))
  } catch {
    // Without storage a reload shows the report alone.
  }
}

export function keptPreview(id: string): ImportPreview | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY + id) ?? 'null') as ImportPreview | null
  } catch {
    return null
  }
}

/** Confidence comes as a share (0.93) or in basis points (9300); told in basis points. */
export function confidenceBps(value: number): number {
  return value <= 1 ? Math.round(value * 10_000) : value
}

/** Whether what was typed is the file's name, spaces at the ends aside. */
export function confirms(typed: string, fileName: string): boolean {
  return typed.trim() === fileName.trim()
}
