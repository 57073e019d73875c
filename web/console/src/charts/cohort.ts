import type { Cohort } from '../api/types'

export interface CohortCell {
  /** Months after the first purchase, from 1. */
  month: number
  /** Members back, or null where the month is not over. */
  members: number | null
  /** Of the cohort's size, in basis points, half up; null where the month is not over. */
  bps: number | null
}

export interface CohortRow {
  cohort: string
  size: number
  over: boolean
  cells: CohortCell[]
}

/** Cohorts as rows of cells, `months` wide; months past a cohort's list are not over either. */
export function cohortRows(
  cohorts: Cohort[],
  months: number,
  mode: 'active' | 'returned_by' = 'active',
): CohortRow[] {
  return cohorts.map((cohort) => {
    const counts = cohort[mode] ?? cohort.active
    return {
      cohort: cohort.cohort,
      size: cohort.size,
      over: cohort.over ?? true,
      cells: Array.from({ length: months }, (_, index) => {
        const members = counts[index] ?? null
        const bps =
          members === null || cohort.size === 0
            ? null
            : Math.floor((members * 20_000 + cohort.size) / (2 * cohort.size))
        return { month: index + 1, members, bps }
      }),
    }
  })
}

/** How many months any cohort has seen the end of, at most `most`. */
export function monthsSeen(cohorts: Cohort[], most: number): number {
  const seen = cohorts.map((cohort) => cohort.active.filter((count) => count !== null).length)
  return Math.min(most, Math.max(0, ...seen))
}

/** A scale never spans less than this, so that small differences do not look large. */
const LEAST_SPAN_BPS = 3000

/** From which share to which the tones run: the table's own range, at least 30 points wide. */
export function heatRange(rows: CohortRow[]): { low: number; high: number } {
  const known = rows.flatMap((row) =>
    row.cells.flatMap((cell) => (cell.bps === null ? [] : cell.bps)),
  )
  const high = Math.max(0, ...known)
  const low = Math.min(high, ...known)
  return { low: Math.max(0, Math.min(low, high - LEAST_SPAN_BPS)), high }
}
