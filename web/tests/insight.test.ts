import { makeFormatter } from '@shared/format/formatter'
import { describe, expect, it } from 'vitest'
import { calibrationSaying } from '../console/src/screens/insight/sayings'

const HELD = {
  horizon_days: 273,
  members: 2357,
  predicted_purchases: 1653.4,
  actual_purchases: 1882,
  off_bps: -1215,
  predicted_value_minor: 1,
  actual_value_minor: 1,
  top_tenth_value_share: 0.5,
  by_purchases: [],
}
describe('how the last forecast fared', () => {
  it('is told as too low where fewer were foretold than came', () => {
    expect(calibrationSaying(HELD)).toEqual({ key: 'low', predicted: 1653, bps: 1215 })
  })

  it('is told as too high, and as met under five per cent', () => {
    expect(calibrationSaying({ ...HELD, off_bps: 800 })?.key).toBe('high')
    expect(calibrationSaying({ ...HELD, off_bps: 499 })?.key).toBe('met')
    expect(calibrationSaying({ ...HELD, off_bps: -499 })?.key).toBe('met')
    expect(calibrationSaying({ ...HELD, off_bps: -500 })?.key).toBe('low')
  })

  it('is not told where nobody bought', () => {
    expect(calibrationSaying({ ...HELD, off_bps: null })).toBeNull()
  })
})

describe('money in a small cell', () => {
  it('has no decimals, and is short from ten thousand on', () => {
    const format = makeFormatter({ locale: 'en', currency: 'USD', zone: 'UTC' })
    expect(format.moneyWhole(602776)).toBe('$6,028')
    expect(format.moneyWhole(7017757)).toBe('$70.2K')
  })
})
