/** Words for numbers: what a chart's title says, as a key and what to fill in. */
export type Direction = 'up' | 'down' | 'level'

const LEVEL_BPS = 10

/** Which way a rate went; less than 0.1 points is level. */
export function rateDirection(before: number, now: number): Direction {
  if (Math.abs(now - before) < LEVEL_BPS) return 'level'
  return now > before ? 'up' : 'down'
}

export interface TrendSaying {
  direction: Direction
  now: number
  before: number
  since: string
}

/** The trend's story: its last rate against the first whose window is whole; null without two. */
export function trendSaying(
  points: { day: string; rate: number; whole: boolean }[],
): TrendSaying | null {
  const whole = points.filter((point) => point.whole)
  const first = whole[0]
  const last = whole[whole.length - 1]
  if (!first || !last || first === last) return null
  return {
    direction: rateDirection(first.rate, last.rate),
    now: last.rate,
    before: first.rate,
    since: first.day,
  }
}

/** How a figure changed: rates in points, the others in basis points of what they were before. */
export function changeOf(
  unit: string,
  value: number | null,
  before: number | null,
): { kind: 'points' | 'share'; amount: number } | null {
  if (value === null || before === null) return null
  if (unit === 'bps') return { kind: 'points', amount: value - before }
  if (before === 0) return null
  return {
    kind: 'share',
    amount: Math.round(((value - before) * 10_000) / Math.abs(before)),
  }
}
