/** The programme document, its versions and the ladder in force. */
import type { Counter, Window } from '@shared/api/types'

export type Localised = Record<string, string>

export interface Benefit {
  code: string
  name: Localised
  text: Localised
}

export interface LadderRow {
  code: string
  name: Localised
  from: number
  keep_from: number | null
  benefits: Benefit[]
}

export interface Expiry {
  kind: 'never' | 'days' | 'months'
  count: number | null
  end_of: string | null
}

export interface Rate {
  name: string
  bps: number
  categories: string[]
  skus: string[]
  types: string[]
  stores: string[]
  channels: string[]
  weekdays: number[]
  days_of_month: number[]
  from_day: string | null
  until_day: string | null
}

export interface Earning {
  per_minor: number
  amount: number
  pending_days: number
  expiry: Expiry
  tier_bps: Record<string, number>
  rates: Rate[]
  per_order_max: number | null
  per_day_max: number | null
}

/** Each `units` pay `minor`, in whole steps. */
export interface Redemption {
  units: number
  minor: number
  grace_days: number
}

export interface ProgrammeDocument {
  name: string
  tiers: {
    counter: Counter
    window: { span: string; count: number | null }
    keep: {
      mode: 'follow' | 'period'
      months: number | null
      end_of: string | null
      grace_days: number
      step: 'one' | 'counter'
      warn_days: number
      hold_on_refund: boolean
    }
    crossing: 'before' | 'split'
    ladder: LadderRow[]
  }
  earning: { points: Earning; growth_value: Earning }
  redeeming: { points: Redemption; growth_value: Redemption }
  leaving: { points: 'freeze' | 'lapse' }
  notices: { expiring_days: number }
}

export interface ProgrammeVersion {
  number: number
  effective_at: string
  created_by?: string | null
  document?: ProgrammeDocument
}

export interface Programme {
  current: {
    number: number
    effective_at: string
    document: ProgrammeDocument
  }
  upcoming: ProgrammeVersion[]
  past: ProgrammeVersion[]
  schema: Record<string, unknown>
  templates: { name: string; title: string }[]
}

export interface ProgrammePreview {
  tiers: { code: string; members_now: number; members_then: number }[]
  moves: { up: number; down: number; same: number }
}

export interface TierRow {
  code: string
  name: string
  from: number
  points_bps: number
  benefits: number | { code: string; name: string; text?: string }[]
  members: number
}

export interface Tiers {
  ladder: TierRow[]
  counter: Counter
  window: Window
  keep: ProgrammeDocument['tiers']['keep']
  at_risk: { count: number }
  moves: { from: string | null; to: string | null; members: number }[]
}
