import type { TierStatement } from '@shared/api/types'
import { daysBetween } from '@shared/format/formatter'

export type TierRisk = 'safe' | 'open' | 'at_risk' | 'grace'

/** From how many days before the review a gap is a risk and not just unfinished. */
const SOON_DAYS = 60

/** Whether the tier is kept, still open, about to be lost, or already in grace. */
export function tierRisk(tier: TierStatement, today: string): TierRisk {
  if (tier.grace_until) return 'grace'
  if (!tier.keep_until || !tier.keep_gap) return 'safe'
  return daysBetween(today, tier.keep_until) <= SOON_DAYS ? 'at_risk' : 'open'
}
