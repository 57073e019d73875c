import type { NextStep } from '@shared/api/types'
import { besideStep, type MemberNotice } from '@shared/notices'
import { expect, it } from 'vitest'

const step: NextStep = {
  kind: 'expiring',
  points: 351,
  amount_minor: null,
  gap: null,
  unit: null,
  at: '2026-11-30T16:00:00Z',
  tier: null,
}

function notice(kind: MemberNotice['kind'], points: number | null = null): MemberNotice {
  return {
    kind,
    announced_at: '2026-11-01T00:00:00Z',
    until: '2026-11-30',
    points,
    tier: null,
    gap: null,
    gap_money_minor: null,
    likely_orders: null,
  }
}

it('says once that points run out', () => {
  const tier = notice('tier_nearly')
  const told = notice('points_expiring', 351)
  expect(besideStep([told, tier], step)).toEqual([tier])
})

it('keeps what the next step does not say', () => {
  const later = notice('points_expiring', 80)
  expect(besideStep([later], step)).toEqual([later])
  expect(besideStep([notice('points_expiring', 351)], null)).toHaveLength(1)
  expect(besideStep([notice('points_expiring', 351)], { ...step, kind: 'welcome' })).toHaveLength(1)
})
