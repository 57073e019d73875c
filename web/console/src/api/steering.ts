/** What the console API tells of spending: plans and whom they chose. */
import type { Page } from '@shared/api/types'
import type { Who } from './insight'

export const STATES = ['on_rhythm', 'late', 'asleep', 'new'] as const
export type Standing = (typeof STATES)[number]
export type Proof = 'works' | 'no_trial' | 'too_few' | 'not_proven' | 'harms'
export const REASONS = [
  'chosen',
  'held_out',
  'no_trial',
  'too_few',
  'not_proven',
  'harms',
  'costs_more',
  'over_budget',
  'no_consent',
  'not_personal',
  'excluded',
  'held_out_of_all',
  'offered_lately',
  'not_in_segment',
  'due_soon',
] as const
export type Reason = (typeof REASONS)[number]

/** What was decided of the coupon that an order brings, and why. */
export interface NextCoupon extends Who {
  order_id: string
  decided_at: string
  why: NextWhy
  offer: string | null
  until: string | null
  state: Standing | null
  days_ago: number | null
  usual_days: number | null
  reach_days: number | null
  gain_minor: number | null
}
export type NextWhy =
  | 'usual'
  | 'stronger'
  | 'not_personal'
  | 'held_out_of_all'
  | 'due_soon'
  | 'costs_more'
  | 'harms'
export interface NextCoupons extends Page<NextCoupon> {
  counts: { why: NextWhy; given: number; not_given: number }[]
}

export interface PlanLift {
  state: Standing
  proof: Proof
  lift_bps: number | null
  low_bps: number | null
  high_bps: number | null
  own_bps: number | null
  base_bps: number | null
  use_bps: number | null
  cost_minor: number | null
  treated: number
  held_out: number
}

export interface PlanArm {
  offer: string
  members: number
  cost_minor: number
  lifts: PlanLift[]
}

/** What a plan comes to; no choice within its budget gains more than ``bound_minor``. */
export interface PlanFound {
  members: number
  reasons: Partial<Record<Reason, number>>
  cost_minor: number
  value_minor: number
  bound_minor: number
  least_minor: number
  most_minor: number
  price: number
  curve: [number, number][]
  arms: PlanArm[]
}

export interface PlanAsked {
  name: string
  aim: 'earn' | 'learn'
  arms: { offer: string; like: string[] }[]
  budget_minor: number
  margin_bps: number
  held_out_bps: number
  consent: string
  rest_days: number
  segment: string | null
}

export interface Plan {
  id: string
  name: string
  status: 'waiting' | 'ready' | 'failed' | 'starting' | 'giving' | 'given' | 'stopped'
  asked: PlanAsked
  found: PlanFound | null
  as_of: string | null
  done: number
  of: number
  error: string
  outcomes: Partial<Record<'given' | 'bought' | 'no_consent' | 'waiting', number>>
  experiment_id: string | null
  created_at: string
  created_by: string
  started_at: string | null
}

export interface Person extends Who {
  reason: Reason
  offer: string | null
  item: string | null
  from_day: string | null
  until: string | null
  state: Standing
  days_ago: number | null
  usual_days: number
  chance_bps: number
  lift_bps: number
  worth_minor: number
  cost_minor: number
  gain_minor: number
}

export interface PeoplePage extends Page<Person> {
  as_of: string | null
}

/** Whether something still changes by itself: it is looked at again. */
export function isAtWork(plan: Plan): boolean {
  return plan.status === 'waiting' || plan.status === 'starting' || plan.status === 'giving'
}

/** What a budget gains, by the curve: between two places of it the line. */
export function gainAt(curve: [number, number][], budget: number): number {
  let before: [number, number] = [0, 0]
  for (const place of curve) {
    if (place[0] > budget) {
      const wide = place[0] - before[0]
      return before[1] + ((place[1] - before[1]) * (budget - before[0])) / wide
    }
    before = place
  }
  return before[1]
}

export const ENDS = ['bought', 'top', 'no_lift', 'capped', 'unsubscribed', 'stopped'] as const

export interface LadderRung {
  offer: string
  wait_days: number
  standing: number
  given: number
  held_out: number
  lift_bps: number | null
  low_bps: number | null
  high_bps: number | null
  open: boolean
}

export interface Ladder {
  id: string
  name: string
  status: 'running' | 'stopped'
  rungs: LadderRung[]
  waiting: number
  ended: Partial<Record<(typeof ENDS)[number], number>>
  held_out: number
  held_out_bps: number
  cost_cap_minor: number
  cost_minor: number
  try_members: number
  last_on: string | null
  created_at: string
}
