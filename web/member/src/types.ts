import type { Balances, Consent, NextStep, TierStatement } from '@shared/api/types'
import type { MemberNotice } from '@shared/notices'

export interface Benefit {
  tier: string
  tier_name: string
  code: string
  name: string
  text: string
  mine: boolean
  gap: number | null
}

export interface Card {
  merchant: {
    name: string
    currency: string
    zone: string
    locale: string
    now: string
    source_note: string | null
  }
  member: {
    name: string | null
    number: string
    status: 'active' | 'shopper' | 'left'
    joined_at: string
    identities?: { type: string; masked: string }[]
  }
  tier: TierStatement
  balances: Balances
  /** What points pay at the till; null where they pay nothing there. */
  worth: { units: number; minor: number; available_minor: number } | null
  /** How many may be used now. */
  coupons: number
  next_step: NextStep | null
  notices: MemberNotice[]
  qr_svg: string
  benefits: Benefit[]
}

/** What leaving would take and keep. */
export interface Leaving {
  status: 'active' | 'shopper' | 'left'
  left_at: string | null
  points: { rule: 'freeze' | 'lapse'; available: number; pending: number; lapse: number }
  consents: string[]
}

export interface MemberOrder {
  id: string
  external_id: string
  placed_at: string
  status: string
  lines: number
  net_minor: number
  refunded_minor: number
  points: number
  store: string | null
}

export interface MemberTag {
  tag: string
  at: string
}

export type MemberConsent = Consent

/** What one may answer: questions of benefits, or the one question why. */
export interface OwnSurvey {
  id: string
  kind: 'choice' | 'reason'
  closes_at: string | null
  worst: boolean
  questions: { benefits: { code: string; name: Record<string, string> }[] }[]
  reasons: string[]
}

export interface OwnAnswer {
  id: string
  about: 'survey' | 'leaving'
  at: string
  state: 'answered' | 'put_away' | 'taken_back'
  reason: string | null
  choices: { best: Record<string, string>; worst: Record<string, string> | null }[]
}
