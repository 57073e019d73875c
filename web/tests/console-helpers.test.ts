import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { actorName } from '../console/src/actors'
import type { ProgrammeDocument } from '../console/src/api/programme'
import { cohortRows, heatRange, monthsSeen } from '../console/src/charts/cohort'
import { contrast, heatTone, shareOf } from '../console/src/charts/heat'
import { rateFloor } from '../console/src/charts/look'
import { sparkPath } from '../console/src/charts/spark'
import { chosenColumns } from '../console/src/columns'
import { confirms } from '../console/src/confirms'
import { isMoving, progressOf, shownColumns } from '../console/src/screens/imports/runs'
import { tierRisk } from '../console/src/screens/members/risk'
import { readable } from '../console/src/screens/orders/explained'
import {
  capCanBeSplit,
  emptyBenefit,
  emptyRate,
  freeCode,
  fullDocument,
  ladderFlaws,
  sentDocument,
} from '../console/src/screens/programme/document'
import { changeOf, rateDirection, trendSaying } from '../console/src/sentences'
import { readState, writeState } from '../console/src/url-state'
import type { TierStatement } from '../shared/src/api/types'
import { makeFormatter } from '../shared/src/format/formatter'
import { shownWorth } from '../shared/src/worth'

describe('url state', () => {
  const defaults = { query: '', sort: 'joined' }

  it('reads what is there and defaults the rest', () => {
    expect(readState({ query: 'li', sort: ['a', 'b'] }, defaults)).toEqual({
      query: 'li',
      sort: 'joined',
    })
  })

  it('writes what differs, and keeps what is not its own', () => {
    const query = writeState(
      { open: 'mem_1', sort: 'points' },
      { query: 'li', sort: 'joined' },
      defaults,
    )
    expect(query).toEqual({ open: 'mem_1', query: 'li' })
  })

  it('is read back as it was written', () => {
    const state = { query: '138', sort: 'spend' }
    expect(readState(writeState({}, state, defaults) as never, defaults)).toEqual(state)
  })

  it('chooses columns by key, all where none is named', () => {
    const columns = [{ key: 'a' }, { key: 'b' }]
    expect(chosenColumns(columns, 'b')).toEqual([{ key: 'b' }])
    expect(chosenColumns(columns, 'gone')).toEqual(columns)
  })
})

describe('sentences', () => {
  const point = (day: string, rate: number, whole = true) => ({
    day,
    rate,
    whole,
  })

  it('compares the last rate with the first whose window is whole', () => {
    const said = trendSaying([
      point('2017-01-01', 100, false),
      point('2017-04-01', 9000),
      point('2017-12-31', 9402),
    ])
    expect(said).toEqual({
      direction: 'up',
      now: 9402,
      before: 9000,
      since: '2017-04-01',
    })
    expect(trendSaying([point('2017-01-01', 100)])).toBeNull()
  })

  it('calls a small change level', () => {
    expect(rateDirection(9400, 9405)).toBe('level')
    expect(rateDirection(9400, 9300)).toBe('down')
  })

  it('tells rates in points and the others in shares', () => {
    expect(changeOf('bps', 9402, 9127)).toEqual({
      kind: 'points',
      amount: 275,
    })
    expect(changeOf('count', 23, 61)).toEqual({ kind: 'share', amount: -6230 })
    expect(changeOf('count', 5, 0)).toBeNull()
    expect(changeOf('minor', null, 4)).toBeNull()
  })
})

describe('cohorts and heat', () => {
  const cohorts = [
    { cohort: '1997-01', size: 8, active: [4, 0, null] },
    { cohort: '1997-02', size: 3, active: [1, null, null], over: false },
  ]

  it('keeps zero and "not over" apart', () => {
    const [first, second] = cohortRows(cohorts, 3)
    expect(first?.cells.map((cell) => cell.bps)).toEqual([5000, 0, null])
    expect(second?.cells.map((cell) => cell.bps)).toEqual([3333, null, null])
    expect(second?.over).toBe(false)
  })

  it('rounds shares half up', () => {
    expect(
      cohortRows([{ cohort: '1997-01', size: 20_000, active: [1] }], 1)[0]?.cells[0]?.bps,
    ).toBe(1)
    expect(
      cohortRows([{ cohort: '1997-01', size: 20_001, active: [1] }], 1)[0]?.cells[0]?.bps,
    ).toBe(0)
  })

  it('counts the months that some cohort has seen', () => {
    expect(monthsSeen(cohorts, 12)).toBe(2)
    expect(monthsSeen(cohorts, 1)).toBe(1)
    expect(monthsSeen([], 12)).toBe(0)
  })

  it('spans at least 30 points', () => {
    expect(heatRange(cohortRows([{ cohort: '1997-01', size: 100, active: [70, 75] }], 2))).toEqual({
      low: 4500,
      high: 7500,
    })
    expect(heatRange(cohortRows(cohorts, 3))).toEqual({ low: 0, high: 5000 })
    expect(heatRange([])).toEqual({ low: 0, high: 0 })
  })

  it('has text of 4.5:1 on every tone', () => {
    for (let step = 0; step <= 100; step += 1) {
      const tone = heatTone(step / 100)
      const text = tone.color === '#fff' ? [255, 255, 255] : [0, 0, 0]
      expect(contrast(tone.rgb, text)).toBeGreaterThanOrEqual(4.5)
    }
  })

  it('places a value in its range', () => {
    expect(shareOf(60, 45, 75)).toBe(0.5)
    expect(shareOf(1, 1, 1)).toBe(0)
  })

  it('draws a flat line in the middle, and none for one value', () => {
    expect(sparkPath([5, 5], 96, 28)?.end.y).toBe(14)
    expect(sparkPath([5], 96, 28)).toBeNull()
  })

  it('begins a rate axis at a round tenth', () => {
    expect(rateFloor([9127, 9402])).toBe(8000)
    expect(rateFloor([300])).toBe(0)
    expect(rateFloor([])).toBe(0)
  })
})

describe('imports', () => {
  it('knows which runs move and how far', () => {
    expect(isMoving('running')).toBe(true)
    expect(isMoving('ready')).toBe(false)
    expect(progressOf({ pieces: 32, pieces_done: 8 })).toBe(25)
    expect(progressOf({ pieces: 0, pieces_done: 0 })).toBeNull()
  })

  it('tells what each column of the file is read as', () => {
    const preview = {
      columns: ['订单编号', '买家留言'],
      profile: 'taobao_orders',
      confidence_bps: 9300,
      mapping: [{ field: 'order_id', column: '订单编号', confidence_bps: 9900 }],
      rows: [],
    }
    expect(shownColumns(preview)).toEqual([
      { name: '订单编号', field: 'order_id', confidence_bps: 9900 },
      { name: '买家留言', field: null, confidence_bps: 0 },
    ])
  })
})

describe('what cannot be undone', () => {
  it('is confirmed by the exact name alone', () => {
    expect(confirms(' orders.csv ', 'orders.csv')).toBe(true)
    expect(confirms('Orders.csv', 'orders.csv')).toBe(false)
  })
})

interface Contract {
  components: { schemas: Record<string, { properties: object }> }
}

describe('the programme form', () => {
  const names = (text: string) => ({
    en: text,
    'zh-hans': text,
    'zh-hant': text,
  })
  const stored = {
    name: 'plain',
    tiers: {
      counter: 'growth_value',
      window: { span: 'lifetime' },
      ladder: [
        { code: 'basic', name: names('Basic'), from: 0 },
        {
          code: 'gold',
          name: names('Gold'),
          from: 500,
          benefits: [{ code: 'b', name: names('Tea') }],
        },
      ],
    },
    earning: {
      points: { per_minor: 100, amount: 1, tier_bps: { gold: 15000, gone: 1 } },
      growth_value: {},
    },
  } as unknown as ProgrammeDocument

  it('fills in what a stored document leaves out', () => {
    const full = fullDocument(stored)
    expect(full.tiers.keep).toMatchObject({
      mode: 'follow',
      warn_days: 30,
      hold_on_refund: true,
    })
    expect(full.earning.points.expiry).toEqual({
      kind: 'never',
      count: 0,
      end_of: 'day',
    })
    expect(full.tiers.ladder[0]?.keep_from).toBeNull()
  })

  it('loses nothing that the server knows: what is published is the whole programme', () => {
    const contract = readFileSync(new URL('../../docs/contracts/openapi-console.json', import.meta.url))
    const { schemas } = (JSON.parse(contract.toString()) as Contract).components
    const full = fullDocument({
      ...stored,
      redeeming: { points: { units: 100, minor: 300 } },
    } as unknown as ProgrammeDocument)
    full.earning.points.rates.push(emptyRate('Tea'))
    const parts: [string, object][] = [
      ['ProgrammeDocument', full],
      ['TiersPart', full.tiers],
      ['KeepPart', full.tiers.keep],
      ['EarningPart', full.earning.points],
      ['RatePart', full.earning.points.rates[0]!],
      ['RedemptionPart', full.redeeming.points],
    ]
    for (const [name, part] of parts) {
      const known = Object.keys(schemas[name]!.properties).sort()
      expect(Object.keys(part).sort(), name).toEqual(known)
    }
    expect(sentDocument(full).redeeming.points).toEqual({ units: 100, minor: 300, grace_days: 30 })
  })

  it('tells what a point is worth without fractions of the smallest coin', () => {
    expect(shownWorth(1, 1)).toEqual({ units: 100, minor: 100 })
    expect(shownWorth(250, 7)).toEqual({ units: 250, minor: 7 })
    expect(shownWorth(30, 1)).toEqual({ units: 300, minor: 10 })
  })

  it('does not share parts with the stored document', () => {
    const full = fullDocument(stored)
    full.tiers.ladder[1]!.name.en = 'Changed'
    expect(stored.tiers.ladder[1]?.name.en).toBe('Gold')
  })

  it('sends no text that is empty and no factor of a tier that is gone', () => {
    const sent = sentDocument(fullDocument(stored))
    expect(sent.tiers.ladder[1]?.benefits[0]?.text).toBeNull()
    expect(sent.earning.points.tier_bps).toEqual({ gold: 15000 })
  })

  it('sees what the server would refuse', () => {
    const { ladder } = fullDocument(stored).tiers
    expect(ladderFlaws(ladder)).toEqual([])
    ladder[0]!.from = 5
    ladder[1]!.from = 5
    ladder[1]!.code = 'basic'
    ladder[1]!.name['zh-hant'] = ' '
    ladder[1]!.keep_from = 9
    ladder[1]!.benefits.push(emptyBenefit(2))
    expect(
      ladderFlaws(ladder)
        .filter((one) => one.row === 1)
        .map((one) => one.flaw),
    ).toEqual(['not_rising', 'code', 'name', 'keep_from', 'benefit_name'])
    expect(ladderFlaws(ladder)[0]).toEqual({ row: 0, flaw: 'first_from' })
  })

  it('finds a code of its own for a new tier', () => {
    const { ladder } = fullDocument(stored).tiers
    ladder[1]!.code = 'tier_3'
    expect(freeCode(ladder)).toBe('tier_4')
  })
})

describe('how points came about', () => {
  it('reads parts by the unit in their name', () => {
    const format = makeFormatter({
      locale: 'en',
      currency: 'USD',
      zone: 'UTC',
    })
    expect(readable({ base_minor: 5705, tier_bps: 15000, points: 85, most: null }, format)).toEqual(
      {
        base_minor: '$57.05',
        tier_bps: '1.5',
        points: '85',
        most: '–',
      },
    )
  })
})

describe('actors', () => {
  it('are named without their kind where they are people', () => {
    const say = (key: string, named: Record<string, string>) => [key, named.name].join(' ').trim()
    expect(actorName('staff:li', say)).toBe('li')
    expect(actorName('key:Till 2', say)).toBe('key:Till 2')
    expect(actorName('key:2:sk_live_ab', say)).toBe('sk_live_ab')
    expect(actorName('staff:operator', say)).toBe('operator')
    expect(actorName(null, say)).toBe('')
  })

  it('are said in words where they are nobody of the shop', () => {
    const say = (key: string, named: Record<string, string>) => [key, named.name].join(' ').trim()
    expect(actorName('operator', say)).toBe('actor.operator')
    expect(actorName('operator:demo', say)).toBe('actor.operator')
    expect(actorName('member:0abc', say)).toBe('actor.member')
    expect(actorName('template:shop', say)).toBe('actor.template shop')
  })
})

describe('the risk of losing a tier', () => {
  const at = (over: Partial<TierStatement>) =>
    tierRisk(
      {
        keep_until: '2026-12-31',
        keep_gap: 120,
        grace_until: null,
        ...over,
      } as TierStatement,
      '2026-11-21',
    )

  it('is one when the review is near and a gap is left', () => {
    expect(at({})).toBe('at_risk')
    expect(at({ keep_until: '2027-06-30' })).toBe('open')
    expect(at({ keep_gap: 0 })).toBe('safe')
    expect(at({ keep_until: null, keep_gap: null })).toBe('safe')
    expect(at({ grace_until: '2027-01-30' })).toBe('grace')
  })
})

describe('a cap per order', () => {
  it.each([
    [null, null, false],
    [30, null, true],
    [30, 31, true],
    [30, 30, false],
    [null, 30, false],
  ])('%s an order and %s a day: got round by splitting %s', (order, day, split) => {
    expect(capCanBeSplit({ per_order_max: order, per_day_max: day })).toBe(split)
  })
})
