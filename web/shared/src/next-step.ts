import type { NextStep, TierStatement } from './api/types'
import type { Formatter } from './format/formatter'

/** Windows that end on a day: what is spent after it counts towards the next one. */
const FIXED_SPANS = new Set(['calendar_month', 'calendar_quarter', 'calendar_year', 'anniversary'])

/** A sentence as a key of `say.*` and what to fill in. */
export interface Saying {
  key: string
  named: Record<string, string>
}

function tierNameOf(tier: NextStep['tier']): string {
  if (tier === null) return ''
  return typeof tier === 'string' ? tier : tier.name
}

/** An instant or a day, as the last moment something holds. */
export function lastMoment(at: string, format: Formatter): string {
  return at.includes('T') ? format.deadline(at) : `${format.dayNear(at)} 24:00`
}

/** What is still missing, in money where money is what counts: amounts say more than shares. */
export function gapText(
  gap: number | null,
  amountMinor: number | null,
  unit: string | null,
  format: Formatter,
): { unit: 'money' | 'orders' | 'growth_value'; text: string } | null {
  if (amountMinor !== null) return { unit: 'money', text: format.money(amountMinor) }
  if (gap === null) return null
  if (unit === 'minor' || unit === 'spend') return { unit: 'money', text: format.money(gap) }
  if (unit === 'orders') return { unit: 'orders', text: format.count(gap) }
  return { unit: 'growth_value', text: format.count(gap) }
}

/** The one next step as a sentence with an amount and a date; null when nothing calls for one. */
export function nextStepSaying(step: NextStep | null, format: Formatter): Saying | null {
  if (!step) return null
  if (step.kind === 'expiring') {
    if (step.points === null || step.at === null) return null
    return {
      key: 'expiring',
      named: {
        points: format.count(step.points),
        at: lastMoment(step.at, format),
      },
    }
  }
  if (step.kind === 'welcome') return { key: 'welcome', named: {} }
  const gap = gapText(step.gap, step.amount_minor, step.unit, format)
  if (!gap) return null
  const named: Record<string, string> = {
    gap: gap.text,
    tier: tierNameOf(step.tier),
  }
  if (step.at === null) return { key: `${step.kind}_${gap.unit}`, named }
  named.at = lastMoment(step.at, format)
  return { key: `${step.kind}_${gap.unit}_by`, named }
}

/** "Spend ¥268 more to reach Gold", or null on the top rung. */
export function climbSaying(tier: TierStatement, format: Formatter): Saying | null {
  if (!tier.next) return null
  const gap = gapText(tier.gap, tier.gap_money_minor, tier.counter.name, format)
  if (!gap) return null
  const named = { gap: gap.text, tier: tier.next.name, at: '' }
  const until = FIXED_SPANS.has(tier.window.span) ? tier.window.until : null
  if (!until) return { key: `next_tier_${gap.unit}`, named }
  return {
    key: `next_tier_${gap.unit}_by`,
    named: { ...named, at: format.dayNear(until) },
  }
}

/** What keeps the tier and until when, or null where it is not in question. */
export function keepSaying(tier: TierStatement, format: Formatter): Saying | null {
  const until = tier.grace_until ?? tier.keep_until
  if (!until) return null
  const named = { tier: tier.tier.name, at: format.dayNear(until), gap: '' }
  if (!tier.keep_gap) return { key: 'kept', named }
  const gap = gapText(tier.keep_gap, null, tier.counter.name, format)
  if (!gap) return null
  const key = tier.grace_until ? 'grace' : 'keep'
  return { key: `${key}_${gap.unit}`, named: { ...named, gap: gap.text } }
}

/** How far along the way from this rung to the next, 0 to 1; 1 on the top rung. */
export function climbShare(tier: TierStatement): number {
  if (tier.threshold_next === null) return 1
  const from = tier.ladder.find((rung) => rung.code === tier.tier.code)?.from ?? 0
  const span = tier.threshold_next - from
  if (span <= 0) return 1
  return Math.min(1, Math.max(0, (tier.counter.value - from) / span))
}
