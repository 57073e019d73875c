import { localParts } from '@shared/format/formatter'
import type { Evaluation, Quote } from '../../api/offers'

/** When a sale is: now, or where the programme's clock stands still, then. */
export function saleInstant(merchant: { clock_at: string | null; now: string }): string {
  const at = merchant.clock_at === null ? new Date().toISOString() : merchant.now
  return at.replace(/\.\d+Z$/, 'Z')
}

/** A sale's number: its day and a part that no other till makes. */
export function saleNumber(at: string, zone: string, part: string): string {
  return `T${localParts(at, zone).day.replaceAll('-', '')}-${part.replaceAll('-', '').slice(0, 10)}`
}

/** Units of points that really pay a part. */
export function pointsTaken(evaluation: Evaluation | Quote | null): number {
  return evaluation?.lines.reduce((sum, line) => sum + line.tenders.points, 0) ?? 0
}

/** Minutes and seconds of what is left. */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
