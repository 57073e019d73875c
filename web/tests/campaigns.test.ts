import { Problem } from '@shared/api/problem'
import { describe, expect, it } from 'vitest'
import type { OfferDocument, ParamSchema } from '../console/src/api/offers'
import { priceable, readWanted, withGoods } from '../console/src/basket'
import {
  instantAt,
  isOpenOn,
  nextDays,
  nextOpening,
  phaseOf,
} from '../console/src/screens/campaigns/calendar'
import {
  editable,
  emptyOffer,
  emptyParams,
  faultAt,
  firstGap,
  forExample,
  forSegment,
  freeCode,
  isForMembers,
  sent,
  stageOf,
  stepOf,
} from '../console/src/screens/campaigns/document'
import { conditionsOf, ruleOf } from '../console/src/screens/campaigns/rule'
import { pairing } from '../console/src/screens/campaigns/stacking'
import { countdown, saleInstant, saleNumber } from '../console/src/screens/till/sale'

const ZONE = 'Asia/Shanghai'
const NOW = '2026-03-10T04:00:00Z'

function offer(part: Partial<OfferDocument> = {}): OfferDocument {
  return { ...emptyOffer('one'), kind: 'percent_off', params: { bps: 1000 }, status: 'active', ...part }
}

function when(part: Partial<OfferDocument['when']>): OfferDocument['when'] {
  return { ...emptyOffer('x').when, ...part }
}

describe('the calendar of an offer', () => {
  it('knows the last Friday and the fifth Monday', () => {
    const last = when({ nth_weekdays: [{ nth: -1, weekday: 5 }] })
    expect(isOpenOn(last, '2026-03-27')).toBe(true)
    expect(isOpenOn(last, '2026-03-20')).toBe(false)
    const fifth = when({ nth_weekdays: [{ nth: 5, weekday: 1 }] })
    expect(isOpenOn(fifth, '2026-03-30')).toBe(true)
    expect(isOpenOn(fifth, '2026-03-23')).toBe(false)
  })

  it('asks for every part, and rests on days that are named', () => {
    const both = when({ weekdays: [5], days_of_month: [13], except_days: ['2026-03-13'] })
    expect(isOpenOn(both, '2026-03-13')).toBe(false)
    expect(isOpenOn(both, '2026-11-13')).toBe(true)
    expect(isOpenOn(both, '2026-11-20')).toBe(false)
  })

  it('lists the next days within its beginning and its end', () => {
    const eighths = when({ days_of_month: [8], until: '2026-05-07T16:00:00Z' })
    // The end is the start of 8 May in the zone, so that day is not open.
    expect(nextDays(eighths, '2026-03-10', ZONE, 6)).toEqual(['2026-04-08'])
    const later = when({ weekdays: [1], from: '2026-03-31T16:00:00Z' })
    expect(nextDays(later, '2026-03-10', ZONE, 2)).toEqual(['2026-04-06', '2026-04-13'])
    expect(nextDays(when({ days_of_month: [31], weekdays: [] }), '2026-04-01', ZONE, 1)).toEqual([
      '2026-05-31',
    ])
  })

  it('turns a day and a time of a zone into an instant', () => {
    expect(instantAt('2026-03-10', '10:00', ZONE)).toBe('2026-03-10T02:00:00Z')
    expect(instantAt('2026-07-01', '00:30', 'Europe/Berlin')).toBe('2026-06-30T22:30:00Z')
    expect(instantAt('2026-11-01', '12:00', 'America/New_York')).toBe('2026-11-01T17:00:00Z')
  })

  it('finds an instant of the next opening', () => {
    expect(nextOpening(when({}), NOW, ZONE)).toBe(NOW)
    // 12:00 on a Tuesday: the hours are open now, over, or to come.
    expect(nextOpening(when({ hours: ['10:00', '13:00'] }), NOW, ZONE)).toBe(NOW)
    expect(nextOpening(when({ hours: ['10:00', '12:00'] }), NOW, ZONE)).toBe('2026-03-11T02:00:00Z')
    expect(nextOpening(when({ hours: ['20:00', '24:00'] }), NOW, ZONE)).toBe('2026-03-10T12:00:00Z')
    expect(nextOpening(when({ until: NOW }), NOW, ZONE)).toBeNull()
    expect(nextOpening(when({ from: '2026-03-12T03:00:00Z' }), NOW, ZONE)).toBe(
      '2026-03-12T03:00:00Z',
    )
  })

  it('tells running, scheduled and ended apart, at the very instant', () => {
    const over = when({ until: NOW })
    expect(phaseOf({ status: 'active', when: over }, NOW)).toBe('ended')
    expect(phaseOf({ status: 'active', when: when({ from: NOW }) }, NOW)).toBe('active')
    expect(phaseOf({ status: 'active', when: when({ from: '2026-03-10T04:00:01Z' }) }, NOW)).toBe(
      'scheduled',
    )
    expect(phaseOf({ status: 'paused', when: over }, NOW)).toBe('paused')
  })
})

describe('how two offers stand to each other', () => {
  const other = (part: Partial<OfferDocument> = {}) => offer({ code: 'two', ...part })

  it('puts the firmest reason first', () => {
    expect(pairing(offer(), other(), NOW)).toBe('together')
    expect(pairing(offer({ group: 'g', exclusive: true }), other({ group: 'g' }), NOW)).toBe('group')
    expect(pairing(offer({ exclusive: true }), other(), NOW)).toBe('exclusive')
  })

  it('lets an exclusive offer stand beside member prices, shipping, gifts and points', () => {
    const alone = offer({ exclusive: true })
    expect(pairing(alone, other({ kind: 'member_price' }), NOW)).toBe('together')
    expect(pairing(alone, other({ kind: 'free_shipping' }), NOW)).toBe('together')
    expect(pairing(other({ kind: 'free_shipping', exclusive: true }), offer(), NOW)).toBe('exclusive')
  })

  it('proves that two never meet in time', () => {
    const early = offer({ when: when({ until: '2026-04-01T00:00:00Z' }) })
    const late = other({ when: when({ from: '2026-04-01T00:00:00Z' }) })
    expect(pairing(early, late, NOW)).toBe('never_meet_time')
    const mondays = offer({ when: when({ weekdays: [1] }) })
    expect(pairing(mondays, other({ when: when({ weekdays: [2] }) }), NOW)).toBe('never_meet_time')
    expect(pairing(mondays, other({ when: when({ weekdays: [1, 2] }) }), NOW)).toBe('together')
    const morning = offer({ when: when({ hours: ['08:00', '12:00'] }) })
    expect(pairing(morning, other({ when: when({ hours: ['12:00', '24:00'] }) }), NOW)).toBe(
      'never_meet_time',
    )
  })

  it('proves that two never meet on goods, and claims it only for skus', () => {
    const scope = (skus: string[], more: Partial<OfferDocument['scope']> = {}) => ({
      ...{ skus, categories: [], tags: [], exclude_skus: [] },
      ...more,
    })
    expect(pairing(offer({ scope: scope(['a']) }), other({ scope: scope(['b']) }), NOW)).toBe(
      'never_meet_goods',
    )
    expect(pairing(offer({ scope: scope(['a']) }), other({ scope: scope(['a', 'b']) }), NOW)).toBe(
      'together',
    )
    const category = other({ scope: scope([], { categories: ['tea'] }) })
    expect(pairing(offer({ scope: scope(['a']) }), category, NOW)).toBe('together')
    const without = other({ scope: scope([], { exclude_skus: ['a'] }) })
    expect(pairing(offer({ scope: scope(['a']) }), without, NOW)).toBe('never_meet_goods')
  })
})

describe('the document of the form', () => {
  const STEPS: ParamSchema = {
    type: 'object',
    properties: {
      steps: { type: 'array', items: { $ref: '#/$defs/Step' } },
      every: { type: 'boolean', default: false },
    },
    $defs: {
      Step: {
        type: 'object',
        properties: { spend: { type: 'integer' }, save: { type: 'integer' } },
      },
    },
  }

  it('begins with what the schema says, and knows what is missing', () => {
    const params = emptyParams(STEPS)
    expect(params).toEqual({ steps: [{ spend: null, save: null }], every: false })
    const draft = offer({ kind: 'spend_save', params })
    expect(firstGap(draft, STEPS)).toBe('/params/steps/0/spend')
    draft.params = { steps: [{ spend: 100, save: 0 }], every: false }
    expect(firstGap(draft, STEPS)).toBeNull()
    draft.params = { steps: [], every: false }
    expect(firstGap(draft, STEPS)).toBe('/params/steps')
    expect(firstGap({ ...draft, code: ' ' }, STEPS)).toBe('/code')
  })

  it('prices an example as published, in its place, with the coupon given', () => {
    const draft = offer({ status: 'draft', requires_code: true })
    expect(stageOf(draft)).toBe('coupon')
    expect(forExample(draft)).toMatchObject({
      status: 'active',
      stage: 'coupon',
      requires_code: false,
    })
    expect(draft.status).toBe('draft')
  })

  it('sends no limit per order where none counts, and follows the kind with its stage', () => {
    const limited = offer({ limit: { ...emptyOffer('x').limit, per_order: 2 } })
    expect(sent(limited).limit.per_order).toBeNull()
    expect(sent({ ...limited, kind: 'buy_get' }).limit.per_order).toBe(2)
    const stored = { ...offer({ stage: 'item' }), version: 1, created_at: NOW, changed_at: NOW }
    expect(editable(stored).stage).toBeNull()
    expect(editable({ ...stored, stage: 'order' }).stage).toBe('order')
    expect(Object.keys(editable(stored))).not.toContain('version')
  })

  it('shows a fault under its field and on its step', () => {
    const problem = new Problem(422, 'invalid', '', [
      { pointer: '/params/steps/1/save', code: 'falling', detail: 'No less.' },
    ])
    expect(faultAt(problem, '/params/steps/1/save')).toBe('No less.')
    expect(faultAt(problem, '/params')).toBe('No less.')
    expect(faultAt(problem, '/params', false)).toBe('')
    expect(faultAt(problem, '/par')).toBe('')
    expect(faultAt(null, '/params')).toBe('')
    expect([stepOf('/params/bps'), stepOf('/when/until'), stepOf('/limit/total')]).toEqual([0, 1, 2])
  })

  it('makes a campaign for a segment that is measured and lacks nothing', () => {
    const percent: ParamSchema = { type: 'object', properties: { bps: { type: 'integer' } } }
    const made = forSegment('quiet-2', 'quiet')
    expect(made).toMatchObject({ code: 'quiet-2', status: 'draft', held_out_bps: 2_000 })
    expect(made.who).toMatchObject({ segments: ['quiet'], members_only: true })
    expect(firstGap(made, percent)).toBeNull()
    expect(stepOf('/held_out_bps')).toBe(1)
  })

  it('prices an example as for who gets it, and knows whom strangers cannot be among', () => {
    const made = forSegment('quiet', 'quiet')
    expect(forExample(made).held_out_bps).toBeNull()
    expect(sent(made).held_out_bps).toBe(2_000)
    const stored = { ...made, version: 1, created_at: NOW, changed_at: NOW }
    expect(editable(stored).held_out_bps).toBe(2_000)
    expect(isForMembers(made)).toBe(true)
    expect(isForMembers(emptyOffer('x'))).toBe(false)
    expect(isForMembers({ who: { ...emptyOffer('x').who, tiers: ['gold'] } })).toBe(true)
    expect(isForMembers({ who: { ...emptyOffer('x').who, channels: ['app'] } })).toBe(false)
  })

  it('finds a code that is free', () => {
    expect(freeCode('offer', new Set())).toBe('offer')
    expect(freeCode('offer', new Set(['offer', 'offer-2']))).toBe('offer-3')
  })

  it('reads and writes the conditions of a flat rule, and leaves deeper ones', () => {
    const one = { fact: 'orders', op: '>=', value: 1 }
    expect(conditionsOf(null)).toEqual([])
    expect(conditionsOf(one)).toEqual([one])
    expect(conditionsOf({ all: [one, one] })).toEqual([one, one])
    expect(conditionsOf({ any: [one, one] })).toBeNull()
    expect(conditionsOf({ all: [{ not: one }] })).toBeNull()
    expect(ruleOf([])).toBeNull()
    expect(ruleOf([one])).toEqual(one)
    expect(ruleOf([one, one])).toEqual({ all: [one, one] })
  })
})

describe('the basket of the till', () => {
  const tea = { sku: 'TEA', name: 'Tea', category: null, tags: [], list_price: 500 }

  it('reads a quantity before the goods', () => {
    expect(readWanted('3*TEA')).toEqual({ quantity: 3, words: 'TEA' })
    expect(readWanted('2 x green tea')).toEqual({ quantity: 2, words: 'green tea' })
    expect(readWanted('3 teas')).toEqual({ quantity: 1, words: '3 teas' })
    expect(readWanted('0*TEA')).toEqual({ quantity: 1, words: 'TEA' })
  })

  it('adds to the line of equal price, and keeps unpriced lines out of the price', () => {
    let lines = withGoods([], tea, 2)
    lines = withGoods(lines, tea, 1)
    expect(lines).toHaveLength(1)
    lines = withGoods(lines, { ...tea, list_price: 400 }, 1)
    lines = withGoods(lines, { ...tea, sku: 'NEW', list_price: null }, 1)
    expect(priceable(lines)).toEqual([
      { sku: 'TEA', quantity: 3, unit_price: 500 },
      { sku: 'TEA', quantity: 1, unit_price: 400 },
    ])
  })

  it('numbers a sale by the day of the shop, and counts down to nothing', () => {
    expect(saleNumber('2026-03-10T16:30:00Z', ZONE, 'abcd-efgh-ijkl-mnop')).toBe('T20260311-abcdefghij')
    expect(saleInstant({ clock_at: NOW, now: NOW })).toBe(NOW)
    expect([countdown(61_000), countdown(59_001), countdown(-5)]).toEqual(['1:01', '1:00', '0:00'])
  })
})
