/** The reports, in the order of their tabs. */
export const REPORTS = [
  'repurchase',
  'second_order',
  'cohorts',
  'frequency',
  'recruitment',
  'rfm',
  'tiers',
  'points_liability',
  'coverage',
] as const
export type ReportName = (typeof REPORTS)[number]

export const WINDOWS = ['30', '60', '90', '365'] as const

/** Which reports look back over a window of days. */
export const WINDOWED: readonly ReportName[] = [
  'repurchase',
  'frequency',
  'coverage',
  'tiers',
]

/** Which reports tell of orders alone, and have nothing to tell before there is one. */
export const OF_ORDERS: readonly ReportName[] = [
  'repurchase',
  'second_order',
  'cohorts',
  'frequency',
  'rfm',
  'coverage',
]

/** What is asked of the points reports, kept in the address: what if POINTS points were worth so
 * much in minor units, so much were never redeemed, and points were good so long. Empty: as it is. */
export const POINTS = 100
export const ASSUMED = { value_minor: '', breakage_bps: '', expiry_months: '' }

/** The value as the server is asked for it; without one it takes the programme's. */
export function askedValue(minor: string): { value_points?: number; value_minor?: string } {
  return minor === '' ? {} : { value_points: POINTS, value_minor: minor }
}

/** What the second-order curve can be split by; empty is everyone. */
export const GROUPS = ['', 'channel', 'store', 'cohort'] as const
