import type { NextStep } from './api/types'
import type { Formatter } from './format/formatter'
import type { Saying } from './next-step'

/** What a member was told in time; figures as of now. */
export interface MemberNotice {
  kind: 'points_expiring' | 'tier_nearly' | 'tier_expiring'
  announced_at: string
  until: string | null
  points: number | null
  tier: { code: string; name: string } | null
  gap: number | null
  gap_money_minor: number | null
  likely_orders: number | null
}

/** The notices that say more than the next step above them: the same points run out only once. */
export function besideStep(notices: MemberNotice[], step: NextStep | null): MemberNotice[] {
  return notices.filter(
    (one) =>
      !(one.kind === 'points_expiring' && step?.kind === 'expiring' && one.points === step.points),
  )
}

/** A notice as a key of `notice.*` and what to fill in. */
export function noticeSaying(notice: MemberNotice, format: Formatter): Saying {
  const until = notice.until === null ? '' : format.dayNear(notice.until)
  const gap =
    notice.gap_money_minor === null
      ? format.count(notice.gap ?? 0)
      : format.money(notice.gap_money_minor)
  return {
    key: notice.kind === 'tier_nearly' && notice.until === null ? 'tier_nearly_open' : notice.kind,
    named: {
      points: format.count(notice.points ?? 0),
      tier: notice.tier?.name ?? '',
      gap,
      orders: format.count(notice.likely_orders ?? 0),
      until,
    },
  }
}
