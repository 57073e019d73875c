import type { ValueSummary } from '../../api/insight'

/** Less off than this is called met. */
const MET_BPS = 500

export interface CalibrationSaying {
  key: 'low' | 'high' | 'met'
  predicted: number
  /** How far off, without a sign. */
  bps: number
}

/** How the last forecast fared: too few, too many or about as many as came; null where none came. */
export function calibrationSaying(
  held: NonNullable<ValueSummary['calibration']>,
): CalibrationSaying | null {
  if (held.off_bps === null) return null
  const key = Math.abs(held.off_bps) < MET_BPS ? 'met' : held.off_bps < 0 ? 'low' : 'high'
  return { key, predicted: Math.round(held.predicted_purchases), bps: Math.abs(held.off_bps) }
}
