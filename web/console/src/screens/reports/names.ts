/** The reports, in the order of their tabs. */
export const REPORTS = [
  'repurchase',
  'second_order',
  'cohorts',
  'rfm',
  'tiers',
  'points_liability',
  'coverage',
] as const
export type ReportName = (typeof REPORTS)[number]

export const WINDOWS = ['30', '60', '90', '365'] as const

/** Which reports look back over a window of days. */
export const WINDOWED: readonly ReportName[] = ['repurchase', 'coverage', 'tiers']

/** What the points reports take for granted, kept in the address: what POINTS points are worth in
 * minor units, and, to ask what if, the share never redeemed and how long points are good. */
export const POINTS = 100
export const ASSUMED = { value_minor: '100', breakage_bps: '', expiry_months: '' }

/** What the second-order curve can be split by; empty is everyone. */
export const GROUPS = ['', 'channel', 'store', 'cohort'] as const
