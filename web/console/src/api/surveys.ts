/** Surveys as the console API tells them. Shares are fractions of one, costs in minor units. */
import type { Localised } from './programme'

export type SurveyStatus = 'draft' | 'scheduled' | 'open' | 'closed'
export type UseKind = 'points' | 'offer'

export interface SurveyBenefit {
  code: string
  name: Localised
  cost_minor: number | null
  use: UseKind | null
  offer: string | null
}

export interface SurveyBody {
  name: string
  kind: 'choice' | 'reason'
  segment: string | null
  benefits: SurveyBenefit[]
  shown: number
  questions: number
  worst: boolean
}

export interface Survey extends SurveyBody {
  id: string
  status: SurveyStatus
  opens_at: string | null
  closes_at: string | null
  created_at: string
  created_by: string
  answered: number
  put_away: number
}

export interface Range {
  value: number
  low: number
  high: number
}

export interface BenefitResult {
  code: string
  name: Localised
  cost_minor: number | null
  share: Range | null
  utility: Range | null
  value: Range | null
  rank: number | null
  dominated_by: string | null
  shown: number | null
  best: number | null
  worst: number | null
  use: { could: number; did: number; share: Range } | null
}

export interface SaidReason {
  reason: string
  count: number
  of: number
  share_bps: number
  low_bps: number
  high_bps: number
}

export interface SurveyResults {
  told: number
  members: number
  least_told: number
  least_members: number
  use_days: number
  benefits: BenefitResult[]
  groups: {
    dimension: 'tier' | 'channel' | 'segment'
    group: string
    members: number
    cells: { code: string; share: Range; differs: 'more' | 'less' | null }[]
  }[]
  reasons: SaidReason[]
}

export const MOST_BENEFITS = 12
export const MOST_SHOWN = 4
export const MOST_QUESTIONS = 12
