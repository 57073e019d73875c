import { describe, expect, it } from 'vitest'
import type { Fact, Rule } from '../console/src/api/segments'
import {
  codeFor,
  factsIn,
  firstValue,
  isComplete,
  leafOn,
  readRule,
  rfmRule,
  toGroup,
  toRule,
  worthNear,
} from '../console/src/screens/segments/rule'

const BIG: Rule = { fact: 'spend', op: '>=', value: 10_000 }
const OFTEN: Rule = { fact: 'orders', op: '>', value: 3 }
const QUIET: Rule = { fact: 'last_purchase_day', op: 'more_than_days_ago', value: 45 }

describe('the builder’s groups', () => {
  it.each<[string, Rule]>([
    ['one comparison', BIG],
    ['all', { all: [BIG, OFTEN] }],
    ['any inside all', { all: [BIG, { any: [OFTEN, QUIET] }] }],
    ['none of several', { not: { any: [BIG, OFTEN] } }],
    ['not one', { all: [BIG, { not: OFTEN }] }],
    ['not all of several', { not: { all: [BIG, OFTEN] } }],
  ])('give back the rule they were made from: %s', (_, rule) => {
    expect(toRule(toGroup(rule))).toEqual(rule)
  })

  it('give no rule while something is missing', () => {
    expect(toRule(toGroup(null))).toBeNull()
    expect(toRule({ match: 'all', nodes: [{ fact: 'spend', op: '>=', value: null }] })).toBeNull()
    expect(toRule({ match: 'all', nodes: [BIG, { match: 'any', nodes: [] }] } as never)).toBeNull()
    expect(isComplete({ fact: 'tier', op: 'in', value: [] })).toBe(false)
    expect(isComplete({ fact: 'orders', op: '=', value: 0 })).toBe(true)
    expect(isComplete({ fact: 'tier', op: 'known', value: false })).toBe(true)
  })

  it('ask of what is due by item, chance and days, and drop that under another operator', () => {
    const due: Fact = { name: 'due_type', kind: 'due', part: 'due_type', operators: ['due', 'known'] }
    expect(leafOn(due)).toEqual({ fact: 'due_type', op: 'due', value: { chance: 50 } })
    expect(firstValue('due', { item: 'tea', days: 3 })).toEqual({ item: 'tea', days: 3 })
    expect(firstValue('>=', { item: 'tea' })).toBeNull()
    expect(firstValue('known', { item: 'tea' })).toBe(true)
    const rule: Rule = { fact: 'due_type', op: 'due', value: {} }
    expect(toRule(toGroup(rule))).toEqual(rule)
  })

  it('name the facts that they ask', () => {
    expect(factsIn({ all: [BIG, { any: [OFTEN, { not: QUIET }] }] })).toEqual([
      'spend',
      'orders',
      'last_purchase_day',
    ])
  })

  it('take money to come with two digits that count', () => {
    expect([0, 7, 99, 12_345, 12_500, 99_950].map(worthNear)).toEqual([
      0, 7, 99, 12_000, 13_000, 100_000,
    ])
  })

  it('start a comparison with the fact’s first operator and keep values that fit', () => {
    const tier: Fact = { name: 'tier', kind: 'text', part: 'tier', operators: ['=', 'in', 'known'] }
    expect(leafOn(tier)).toEqual({ fact: 'tier', op: '=', value: null })
    expect(firstValue('in', 'gold')).toEqual(['gold'])
    expect(firstValue('=', ['gold', 'silver'])).toBe('gold')
    expect(firstValue('known', 'gold')).toBe(true)
    expect(firstValue('=', true)).toBeNull()
  })
})

describe('the rule in the address', () => {
  it('is read back, and anything else is nothing', () => {
    const rule: Rule = { all: [BIG, { not: QUIET }] }
    expect(readRule(JSON.stringify(rule))).toEqual(rule)
    for (const text of ['', '{', '7', '[]', '{"all":7}', '{"all":[{}]}', 'null']) {
      expect(readRule(text), text).toBeNull()
    }
  })
})

describe('cells of the RFM grid', () => {
  it('become a rule, neighbours as one stretch', () => {
    expect(rfmRule([])).toBeNull()
    expect(rfmRule([{ r: 2, f: 4 }])).toEqual({
      all: [
        { fact: 'recency_score', op: '=', value: 2 },
        { fact: 'frequency_score', op: '=', value: 4 },
      ],
    })
    const loyal = rfmRule([
      { r: 3, f: 5 },
      { r: 4, f: 4 },
      { r: 3, f: 4 },
    ])
    expect(loyal).toEqual({
      any: [
        {
          all: [
            { fact: 'recency_score', op: '=', value: 4 },
            { fact: 'frequency_score', op: '=', value: 4 },
          ],
        },
        {
          all: [
            { fact: 'recency_score', op: '=', value: 3 },
            { fact: 'frequency_score', op: '>=', value: 4 },
            { fact: 'frequency_score', op: '<=', value: 5 },
          ],
        },
      ],
    })
  })
})

describe('a code', () => {
  it('is what is plain in a name', () => {
    expect(codeFor('At risk: R2 F4!')).toBe('at-risk-r2-f4')
    expect(codeFor('沉睡会员')).toMatch(/^segment-[a-z0-9]+$/)
    expect(codeFor('é'.repeat(60)).length).toBeLessThanOrEqual(40)
  })
})
