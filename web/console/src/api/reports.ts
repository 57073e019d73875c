/** What GET /reports/{name} answers with. */
import type { Metric, Verdict } from './experiments'
import type { Cohort } from './types'

export interface CohortReport {
  as_of: string
  members: number
  cohorts: (Cohort & { returned_by: (number | null)[]; over: boolean })[]
  average: {
    month: number
    members: number
    active_bps: number
    returned_by_bps: number
  }[]
  bought_again_within_days: Record<string, number>
}

export interface RepurchaseReport {
  as_of: string
  window_days: number
  members_active: number
  members_again: number
  rate_bps: number
  coverage_bps: number
  others?: {
    buyers_active: number
    buyers_again: number
    rate_bps: number
  } | null
  trend?: TrendPoint[]
}

export interface TrendPoint {
  day: string
  members_active: number
  members_again: number
  rate_bps: number
  coverage_bps: number
  whole_window: boolean
}

export interface Curve {
  group: string | null
  members: number
  bought_again: number
  censored: number
  median_days: number | null
  observed_days: number
  milestones: { days: number; at_risk: number; again_bps: number | null }[]
  points: {
    days: number
    at_risk: number
    bought: number
    again_bps: number
  }[]
}

export interface SecondOrderReport {
  as_of: string
  by: string | null
  curves: Curve[]
}

export interface RfmCell {
  r: number
  f: number
  segment: string
  members: number
  revenue_minor: number
}

export interface RfmReport {
  as_of: string
  members: number
  means: { recency_days: number; frequency: number; monetary_minor: number }
  quintiles: { r: number[]; f: number[]; m: number[] }
  cuts: Record<
    string,
    {
      score: number
      members: number
      least: number | null
      most: number | null
    }[]
  >
  grid: RfmCell[]
  segments: {
    segment: string
    members: number
    members_bps: number
    revenue_minor: number
    revenue_bps: number
  }[]
}

export interface TiersReport {
  as_of: string
  since: string
  members: number
  joined: number
  left: number
  upgraded: number | null
  downgraded: number | null
  tiers: {
    tier: string
    name?: string
    members: number
    members_bps: number
    members_before: number
    joined: number
    left: number
    arrived: number
    gone: number
  }[]
  flow: { from_tier: string | null; to_tier: string | null; members: number }[]
}

export interface LiabilityReport {
  as_of: string
  asset: string
  issued: number
  spent: number
  expired: number
  taken_back: number
  moved: number
  outstanding: number
  months: {
    month: string
    issued: number
    spent: number
    expired: number
    taken_back: number
    moved: number
    outstanding: number
  }[]
  ageing: { month: string | null; points: number }[]
  ageing_points: number
  liability_minor: number | null
  breakage_bps: number | null
}

/** The programme, by what it redeems points at, or whoever asked. */
type ValueFrom = 'programme' | 'asked'

export interface DeferredReport {
  as_of: string
  learnt: boolean
  value_points: number
  value_minor: number
  value_from: ValueFrom
  issued: number
  redeemed: number
  outstanding: number
  expected: number
  expected_bps: number
  allocated_minor: number
  recognised_minor: number
  deferred_minor: number
  cohorts: {
    month: string
    issued: number
    redeemed: number
    expired: number
    outstanding: number
    expected: number
    expected_bps: number
    deferred_minor: number
  }[]
  journal: {
    month: string
    opening_minor: number
    deferred_minor: number
    released_minor: number
    closing_minor: number
  }[]
  development: { age_months: number; redeemed_bps: number }[]
  what_if: {
    expected_bps: number
    deferred_minor: number
    difference_minor: number
    cohorts: {
      month: string
      expected: number
      expected_bps: number
      deferred_minor: number
      difference_minor: number
    }[]
  } | null
}

interface CoverageCounts {
  orders: number
  orders_with_member: number
  coverage_bps: number
  revenue_minor: number
  revenue_with_member_minor: number
  revenue_coverage_bps: number
}

export interface RecruitmentLine {
  name: string | null
  joined: number
  first: number
  second: number
  third: number
  first_bps: number
  second_bps: number
  third_bps: number
  revenue_minor: number
  revenue_per_member_minor: number
  ages: {
    days: number
    joined: number
    first: number
    second: number
    first_bps: number
    second_bps: number
  }[]
}

export interface RecruitmentReport {
  as_of: string
  total: RecruitmentLine
  sources: RecruitmentLine[]
  cohorts: RecruitmentLine[]
  broken: { source: string | null; step: 'first' | 'second'; bps: number; all_bps: number }[]
}

export interface FrequencyReport {
  as_of: string
  window_days: number
  groups: {
    group: 'members' | 'shoppers' | 'unknown'
    orders: number
    revenue_minor: number
    order_value_minor: number
    buyers: number | null
    purchases: number | null
    frequency: number | null
    bought: number[] | null
  }[]
}

export interface CoverageReport extends CoverageCounts {
  as_of: string
  window_days: number | null
  channels: (CoverageCounts & { name: string | null })[]
  stores: (CoverageCounts & { name: string | null })[]
}

export type ChangeState = 'whole' | 'no_history' | 'short' | 'not_over' | 'never'

export interface ChangeFigures {
  orders: number
  orders_with_member: number
  coverage_bps: number
  revenue_minor: number
  member_minor: number
  members_active: number
  members_again: number
  rate_bps: number
  issued: number
  taken_back: number
  issued_per_100: number | null
  issued_bps: number | null
  spent: number
  spent_minor: number
  outstanding: number
  liability_minor: number
  joined: number
  upgraded: number
  downgraded: number
  tiers: { tier: string; name: string; members_before: number; members: number }[]
}

export interface ChangeSide {
  version: number
  effective_at: string
  until: string | null
  first_day: string | null
  last_day: string | null
  state: ChangeState
  figures: ChangeFigures | null
}

export interface ChangeLine {
  field: string
  kind: 'added' | 'removed' | 'changed'
  label: string
  before: string
  after: string
}

export interface ChangeWeek {
  side: 'before' | 'after'
  week: number
  first_day: string
  last_day: string
  orders: number
  member_minor: number
  members_active: number
  members_again: number
  issued: number
  spent: number
}

export interface MeasuredBy {
  id: string
  code: string
  name: string
  scope: 'campaign' | 'everything'
  offer: string | null
  metric: Metric
  first_day: string
  last_day: string
  covers: boolean
  verdict: Verdict | null
  difference: number | null
  low: number | null
  high: number | null
  readable_on: string | null
}

export interface ChangeReport {
  as_of: string
  window_days: number
  longest_days: number
  before: ChangeSide | null
  after: ChangeSide | null
  changes: ChangeLine[]
  weeks: ChangeWeek[]
  flow: { from_tier: string | null; to_tier: string | null; members: number }[] | null
  moved_by_version: { last_day: string; up: number; down: number } | null
  measured: MeasuredBy[]
  facts?: { stale: boolean }
}
