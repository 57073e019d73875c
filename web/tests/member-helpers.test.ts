import { everyPurpose } from '@shared/consents'
import { type Coupon, endsSoon, inDrawer } from '../member/src/coupons'
import { describe, expect, it } from 'vitest'
import { benefitGroups, gainOf } from '../member/src/benefits'
import { expiryMonths, lastDay } from '../member/src/calendar'
import { tabOf } from '../member/src/tabs'
import { tokenOf } from '../member/src/token'
import type { Benefit } from '../member/src/types'

function benefit(tier: string, code: string, mine: boolean, gap: number | null = null): Benefit {
  return { tier, tier_name: tier, code, name: code, text: '', mine, gap }
}

const BENEFITS = [
  benefit('basic', 'points', true),
  benefit('gold', 'tea', true),
  benefit('diamond', 'double', false, 268),
  benefit('diamond', 'birthday', false, 268),
]

describe('benefits', () => {
  it('shows my highest tier first, then what comes next', () => {
    const groups = benefitGroups(BENEFITS)
    expect(groups.map((group) => [group.tier, group.mine])).toEqual([
      ['gold', true],
      ['basic', true],
      ['diamond', false],
    ])
    expect(groups[2]?.benefits).toHaveLength(2)
    expect(groups[2]?.gap).toBe(268)
  })

  it('names the first gain of the next tier', () => {
    expect(gainOf(BENEFITS, 'diamond')).toBe('double')
    expect(gainOf(BENEFITS, null)).toBe('')
    expect(gainOf(BENEFITS, 'gold')).toBe('')
  })
})

describe('the expiry calendar', () => {
  it('counts midnight to the month that ends', () => {
    expect(lastDay('2018-02-01T00:00:00Z', 'UTC')).toBe('2018-01-31')
    expect(lastDay('2018-01-31T16:00:00Z', 'Asia/Shanghai')).toBe('2018-01-31')
    expect(lastDay('2018-01-31', 'UTC')).toBe('2018-01-31')
  })

  it('adds up months over the end of a year', () => {
    const lots = [
      { at: '2018-01-01T00:00:00Z', amount: 5 },
      { at: '2018-02-01T00:00:00Z', amount: 200 },
      { at: '2018-01-15T10:00:00Z', amount: 50 },
      { at: '2019-01-15T10:00:00Z', amount: 999 },
    ]
    expect(expiryMonths(lots, '2017-12-20', 'UTC', 3)).toEqual([
      { month: '2017-12', points: 5 },
      { month: '2018-01', points: 250 },
      { month: '2018-02', points: 0 },
    ])
  })
})

describe('the card link', () => {
  it('takes a token from the address once and keeps it', () => {
    expect(tokenOf('#abc.def', null)).toEqual({
      token: 'abc.def',
      fresh: true,
    })
    expect(tokenOf('#/points', 'kept')).toEqual({
      token: 'kept',
      fresh: false,
    })
    expect(tokenOf('', null)).toEqual({ token: '', fresh: false })
  })

  it('opens the page that the address names', () => {
    expect(tabOf('#/points')).toBe('points')
    expect(tabOf('#/nothing')).toBe('card')
  })
})

describe('consents', () => {
  it('offers what is always asked about, as a no until it is answered', () => {
    const given = [
      {
        purpose: 'post',
        granted: true,
        at: '2018-01-01T00:00:00Z',
        channel: 'store',
      },
      {
        purpose: 'marketing',
        granted: true,
        at: '2018-01-01T00:00:00Z',
        channel: 'card',
      },
    ]
    expect(everyPurpose(given).map((one) => [one.purpose, one.granted])).toEqual([
      ['marketing', true],
      ['personalisation', true],
      ['post', true],
    ])
  })
})

describe('the coupons of a member', () => {
  const coupon = (part: Partial<Coupon>): Coupon => ({
    code: 'A',
    offer: 'o',
    offer_name: 'O',
    state: 'available',
    from: null,
    until: null,
    ...part,
  })

  it('puts what ends first on top, and what is to come at the end', () => {
    const late = coupon({ code: 'late', until: '2026-04-01T00:00:00Z' })
    const soon = coupon({ code: 'soon', until: '2026-03-12T00:00:00Z' })
    const ever = coupon({ code: 'ever' })
    const next = coupon({ code: 'next', state: 'upcoming', until: '2026-03-11T00:00:00Z' })
    const used = coupon({ code: 'used', state: 'used' })
    const all = [ever, next, late, used, soon]
    expect(inDrawer(all, 'available').map((one) => one.code)).toEqual([
      'soon',
      'late',
      'ever',
      'next',
    ])
    expect(inDrawer(all, 'used').map((one) => one.code)).toEqual(['used'])
  })

  it('warns within 72 hours of the end, of what can still be used', () => {
    const ends = '2026-03-12T00:00:00Z'
    expect(endsSoon(coupon({ until: ends }), '2026-03-09T00:00:00Z')).toBe(true)
    expect(endsSoon(coupon({ until: ends }), '2026-03-08T23:59:59Z')).toBe(false)
    expect(endsSoon(coupon({ until: ends, state: 'used' }), '2026-03-11T00:00:00Z')).toBe(false)
    expect(endsSoon(coupon({}), '2026-03-11T00:00:00Z')).toBe(false)
  })
})
