/** Shapes that both the console and the member pages are answered with. */

export interface Page<Row> {
  data: Row[]
  has_more: boolean
  next_cursor: string | null
}

export interface TierName {
  code: string
  name: string
}

export type Counter = 'growth_value' | 'spend' | 'orders'

export interface Window {
  span: string
  count: number | null
  from: string | null
  until: string | null
}

export interface TierMove {
  at: string
  from: string | null
  to: string
  reason: string
  counter: number | null
  threshold: number | null
  cause: { type: string; id: string } | null
}

/** Where a member stands on the ladder, and what it takes to keep or to climb. */
export interface TierStatement {
  tier: TierName
  counter: { name: Counter; value: number }
  window: Window
  next: TierName | null
  threshold_next: number | null
  gap: number | null
  gap_money_minor: number | null
  keep_until: string | null
  keep_from: number | null
  keep_gap: number | null
  grace_until: string | null
  floor: { tier: string; until: string; reason: string } | null
  history: TierMove[]
  ladder: { code: string; name: string; from: number }[]
}

export interface Expiring {
  at: string
  amount: number
}

export interface PointsBalance {
  posted: number
  held: number
  pending: number
  available: number
  debt: number
  expiring: Expiring[]
}

export interface Balances {
  points: PointsBalance
  growth_value: PointsBalance | { posted: number }
  stored_value?: {
    principal: number
    bonus: number
    held: number
    available: number
  }
}

export interface Entry {
  id: string
  at: string
  asset: string
  account: string
  amount: number
  balance_after: number
  kind: string
  cause: { type: string; id: string } | null
  reverses?: string | null
}

export interface Consent {
  purpose: string
  granted: boolean
  at: string | null
  channel: string | null
}

export type NextStepKind = 'expiring' | 'next_tier' | 'keep_tier' | 'welcome'

export interface NextStep {
  kind: NextStepKind
  points: number | null
  amount_minor: number | null
  gap: number | null
  unit: string | null
  at: string | null
  tier: TierName | string | null
}
