import {
  addDays,
  daysBetween,
  localParts,
  makeFormatter,
  minorDigits,
  startOfDay,
} from '@shared/format/formatter'
import { describe, expect, it } from 'vitest'

const english = makeFormatter({
  locale: 'en',
  currency: 'USD',
  zone: 'UTC',
  today: '2018-01-02',
})
const simplified = makeFormatter({
  locale: 'zh-hans',
  currency: 'CNY',
  zone: 'Asia/Shanghai',
  today: '2026-11-21',
})
const traditional = makeFormatter({
  locale: 'zh-hant',
  currency: 'CNY',
  zone: 'Asia/Shanghai',
})

describe('money', () => {
  it('always has its currency and all decimals', () => {
    expect(english.money(123456)).toBe('$1,234.56')
    expect(english.money(-5)).toBe('−$0.05')
    expect(simplified.money(26800)).toBe('¥268.00')
  })

  it('has no decimals where the currency has none', () => {
    const yen = makeFormatter({
      locale: 'en',
      currency: 'JPY',
      zone: 'Asia/Tokyo',
    })
    expect(minorDigits('JPY')).toBe(0)
    expect(yen.money(1200)).toBe('¥1,200')
  })

  it('is shortened from 10,000 on, with 万 and 亿 in Chinese', () => {
    expect(english.moneyShort(999_999)).toBe('$9,999.99')
    expect(english.moneyShort(123_456_789)).toBe('$1.235M')
    expect(simplified.moneyShort(69_984_12)).toBe('¥6.998万')
    expect(simplified.moneyShort(123_456_789)).toBe('¥123.5万')
    expect(traditional.moneyShort(12_345_678_900_00)).toBe('¥123.5億')
  })

  it('survives eleven digits', () => {
    expect(english.count(12_345_678_901)).toBe('12,345,678,901')
    expect(simplified.countShort(12_345_678_901)).toBe('123.5亿')
  })

  it('reads what a person types, and nothing else', () => {
    expect(english.parseMoney('1,234.5')).toBe(123450)
    expect(english.parseMoney('0.07')).toBe(7)
    expect(english.parseMoney('-3')).toBe(-300)
    expect(english.parseMoney('−3')).toBe(-300)
    expect(english.parseMoney('1.234')).toBeNull()
    expect(english.parseMoney('1e3')).toBeNull()
    expect(english.parseMoney('')).toBeNull()
    expect(english.parseMoney('99999999999999999')).toBeNull()
    expect(english.plainMoney(123450)).toBe('1234.50')
  })
})

describe('counts and rates', () => {
  it('shortens counts from 10,000 on', () => {
    expect(english.countShort(9_999)).toBe('9,999')
    expect(english.countShort(98_213)).toBe('98.2K')
    expect(simplified.countShort(98_213)).toBe('9.8万')
    expect(traditional.countShort(98_213)).toBe('9.8萬')
  })

  it('tells basis points as percent, points and factors', () => {
    expect(english.percent(9402)).toBe('94.0%')
    expect(english.percent(9402, 0)).toBe('94%')
    expect(english.percentPoints(275)).toBe('+2.8')
    expect(english.percentPoints(-120)).toBe('−1.2')
    expect(english.factor(12500)).toBe('1.25')
  })
})

describe('days and instants', () => {
  it('shows instants in the zone of the merchant', () => {
    expect(localParts('2026-11-20T16:30:00Z', 'Asia/Shanghai')).toEqual({
      day: '2026-11-21',
      time: '00:30',
    })
    expect(english.instant('2017-12-31T15:24:00Z')).toBe('Dec 31, 2017, 15:24')
  })

  it('calls midnight the end of the day before', () => {
    expect(simplified.deadline('2026-11-30T16:00:00Z')).toBe('11月30日 24:00')
    expect(english.deadline('2018-02-01T00:00:00Z')).toBe('Jan 31 24:00')
    expect(english.deadline('2018-02-01T08:30:00Z')).toBe('Feb 1 08:30')
  })

  it('leaves out the year of near coming days alone', () => {
    expect(english.dayNear('2018-06-30')).toBe('Jun 30')
    expect(english.dayNear('2017-12-31')).toBe('Dec 31, 2017')
    expect(english.dayNear('2019-06-30')).toBe('Jun 30, 2019')
  })

  it('counts days over month ends and leap days', () => {
    expect(daysBetween('2024-02-28', '2024-03-01')).toBe(2)
    expect(addDays('2017-12-31', 1)).toBe('2018-01-01')
    expect(english.inDays('2018-01-02', '2018-01-31')).toBe('in 29 days')
  })

  it('finds the start of a day in a zone, over a change of its offset', () => {
    expect(startOfDay('2026-11-22', 'Asia/Shanghai')).toBe('2026-11-21T16:00:00Z')
    expect(startOfDay('2026-03-09', 'America/New_York')).toBe('2026-03-09T04:00:00Z')
    expect(startOfDay('2026-03-08', 'America/New_York')).toBe('2026-03-08T05:00:00Z')
    expect(startOfDay('2018-01-03', 'UTC')).toBe('2018-01-03T00:00:00Z')
  })
})
