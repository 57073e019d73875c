import type { NextStep, TierStatement } from '@shared/api/types'
import { makeFormatter } from '@shared/format/formatter'
import { climbSaying, climbShare, keepSaying, nextStepSaying } from '@shared/next-step'
import { tierTone } from '@shared/tier-tone'
import { describe, expect, it } from 'vitest'

const format = makeFormatter({
  locale: 'zh-hans',
  currency: 'CNY',
  zone: 'Asia/Shanghai',
  today: '2026-11-01',
})
const blank: NextStep = {
  kind: 'welcome',
  points: null,
  amount_minor: null,
  gap: null,
  unit: null,
  at: null,
  tier: null,
}

function statement(over: Partial<TierStatement> = {}): TierStatement {
  return {
    tier: { code: 'gold', name: '金卡' },
    counter: { name: 'growth_value', value: 1900 },
    window: { span: 'months', count: 12, from: null, until: '2026-12-31' },
    next: { code: 'diamond', name: '钻石' },
    threshold_next: 2400,
    gap: 500,
    gap_money_minor: 50000,
    keep_until: '2026-12-31',
    keep_from: 1000,
    keep_gap: 120,
    grace_until: null,
    floor: null,
    history: [],
    ladder: [
      { code: 'basic', name: '普通', from: 0 },
      { code: 'gold', name: '金卡', from: 1400 },
      { code: 'diamond', name: '钻石', from: 2400 },
    ],
    ...over,
  }
}

describe('the one next step', () => {
  it('tells points and the last moment they are good', () => {
    const step: NextStep = {
      ...blank,
      kind: 'expiring',
      points: 200,
      at: '2026-11-30T16:00:00Z',
    }
    expect(nextStepSaying(step, format)).toEqual({
      key: 'expiring',
      named: { points: '200', at: '11月30日 24:00' },
    })
  })

  it('prefers money over a count, and names the day where there is one', () => {
    const step: NextStep = {
      ...blank,
      kind: 'keep_tier',
      amount_minor: 12000,
      gap: 120,
      unit: 'growth_value',
      at: '2026-12-31',
      tier: '金卡',
    }
    expect(nextStepSaying(step, format)).toEqual({
      key: 'keep_tier_money_by',
      named: { gap: '¥120.00', tier: '金卡', at: '12月31日 24:00' },
    })
  })

  it('counts orders where orders count', () => {
    const step: NextStep = {
      ...blank,
      kind: 'next_tier',
      gap: 2,
      unit: 'orders',
      tier: { code: 'gold', name: '金卡' },
    }
    expect(nextStepSaying(step, format)).toEqual({
      key: 'next_tier_orders',
      named: { gap: '2', tier: '金卡' },
    })
  })

  it('says nothing that lacks its figure', () => {
    expect(nextStepSaying(null, format)).toBeNull()
    expect(nextStepSaying({ ...blank, kind: 'expiring' }, format)).toBeNull()
    expect(nextStepSaying({ ...blank, kind: 'next_tier' }, format)).toBeNull()
    expect(nextStepSaying(blank, format)).toEqual({
      key: 'welcome',
      named: {},
    })
  })
})

describe('climbing and keeping', () => {
  it('names no day for a rolling window, and the last one of a fixed window', () => {
    expect(climbSaying(statement(), format)?.key).toBe('next_tier_money')
    const yearly = statement({
      window: {
        span: 'calendar_year',
        count: 1,
        from: null,
        until: '2026-12-31',
      },
    })
    expect(climbSaying(yearly, format)).toMatchObject({
      key: 'next_tier_money_by',
      named: { at: '12月31日' },
    })
  })

  it('has nothing to climb on the top rung', () => {
    const top = statement({
      next: null,
      threshold_next: null,
      gap: null,
      gap_money_minor: null,
    })
    expect(climbSaying(top, format)).toBeNull()
    expect(climbShare(top)).toBe(1)
  })

  it('measures the way between two rungs', () => {
    expect(climbShare(statement())).toBeCloseTo(0.5)
    expect(climbShare(statement({ counter: { name: 'growth_value', value: 100 } }))).toBe(0)
  })

  it('tells what keeps the tier, that it is kept, and grace', () => {
    expect(keepSaying(statement(), format)).toEqual({
      key: 'keep_growth_value',
      named: { gap: '120', tier: '金卡', at: '12月31日' },
    })
    expect(keepSaying(statement({ keep_gap: 0 }), format)?.key).toBe('kept')
    expect(keepSaying(statement({ grace_until: '2027-01-30' }), format)?.key).toBe(
      'grace_growth_value',
    )
    expect(keepSaying(statement({ keep_until: null, keep_gap: null }), format)).toBeNull()
    const spend = statement({
      counter: { name: 'spend', value: 1 },
      keep_gap: 12000,
    })
    expect(keepSaying(spend, format)).toMatchObject({
      key: 'keep_money',
      named: { gap: '¥120.00' },
    })
  })
})

describe('the colour of a tier', () => {
  it('follows its usual code, else its rank', () => {
    expect(tierTone('gold', 0, 2)).toBe('gold')
    expect(tierTone('vip1', 0, 5)).toBe('basic')
    expect(tierTone('vip5', 4, 5)).toBe('diamond')
    expect(tierTone('only')).toBe('basic')
  })
})
