import type { Expiring } from '@shared/api/types'
import { dayBefore, localParts } from '@shared/format/formatter'

export interface ExpiryMonth {
  /** "YYYY-MM" */
  month: string
  points: number
}

/** The day on which something is last good: midnight belongs to the day before. */
export function lastDay(instant: string, zone: string): string {
  if (!instant.includes('T')) return instant
  const { day, time } = localParts(instant, zone)
  return time === '00:00' ? dayBefore(day) : day
}

/** The `count` months from the one that holds `today`, with what expires in each. */
export function expiryMonths(
  lots: Expiring[],
  today: string,
  zone: string,
  count: number,
): ExpiryMonth[] {
  const [year = 0, month = 1] = today.split('-').map(Number)
  return Array.from({ length: count }, (_, index) => {
    const name = new Date(Date.UTC(year, month - 1 + index, 1)).toISOString().slice(0, 7)
    const points = lots
      .filter((lot) => lastDay(lot.at, zone).startsWith(name))
      .reduce((sum, lot) => sum + lot.amount, 0)
    return { month: name, points }
  })
}
