import type { Benefit } from './types'

/** What the next tier brings that this one has not: its first benefit's name, or ''. */
export function gainOf(benefits: Benefit[], nextTier: string | null): string {
  if (nextTier === null) return ''
  return benefits.find((benefit) => benefit.tier === nextTier && !benefit.mine)?.name ?? ''
}

export interface BenefitGroup {
  tier: string
  name: string
  mine: boolean
  gap: number | null
  benefits: Benefit[]
}

/** Benefits by tier: mine first, then the tiers above in order, each with the gap to it. */
export function benefitGroups(benefits: Benefit[]): BenefitGroup[] {
  const groups: BenefitGroup[] = []
  for (const benefit of benefits) {
    const found = groups.find((group) => group.tier === benefit.tier)
    if (found) found.benefits.push(benefit)
    else {
      groups.push({
        tier: benefit.tier,
        name: benefit.tier_name,
        mine: benefit.mine,
        gap: benefit.gap,
        benefits: [benefit],
      })
    }
  }
  return [...groups.filter((group) => group.mine).reverse(), ...groups.filter((one) => !one.mine)]
}
