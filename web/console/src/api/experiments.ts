/** Experiments as the console API tells them. Shares are in basis points, money in minor units. */

export const METRICS = ['orders', 'money', 'rebought'] as const
export type Metric = (typeof METRICS)[number]
export type Looking = 'once' | 'planned' | 'always'
export type Verdict = 'works' | 'not_proven' | 'harms'

export interface Range {
  value: number | null
  low: number | null
  high: number | null
}

export interface Power {
  members: number
  held_out_bps: number
  least_share: number | null
  members_needed: number
  days_to_decide: number | null
  enough: boolean
}

export interface Experiment {
  id: string
  code: string
  name: string
  offer: string | null
  scope: 'campaign' | 'everything'
  status: 'draft' | 'running' | 'decided'
  metric: Metric
  looking: Looking
  looks: number
  held_out_bps: number
  days: number
  rebought_days: number
  least_bps: number
  created_at: string
  created_by: string
  opens_at: string | null
  assigned_on: string | null
  ends_on: string | null
  decided_at: string | null
  verdict: Verdict | null
  lift: Range | null
}

export interface ExperimentWithPower extends Experiment {
  power: Power | null
}

export interface MetricFigures {
  treated_mean: number
  held_out_mean: number
  difference: number
  low: number | null
  high: number | null
  p_value: number
  relative: Range | null
}

export interface Readout {
  as_of: string
  sample_ratio: {
    treated: number
    held_out: number
    expected_held_out: number
    p_value: number
    stop: boolean
  }
  merged_across_arms: number
  look: { number: number; planned: number; day: string } | null
  readable_on: string | null
  metrics: Record<Metric, MetricFigures> | null
  redemption: { members: number; cost_minor: number } | null
  verdict: Verdict | null
  cost: {
    cost_minor: number
    extra_orders: number
    per_extra_order_minor: number | null
    least_minor: number | null
    most_minor: number | null
  } | null
  per_redeemer: Range | null
}
