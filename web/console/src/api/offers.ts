/** Offers, prices and promises of prices, as the API has them. Money is in minor units. */
import type { RuleTree } from '../rule-tree'

export const KINDS = [
  'spend_save',
  'spend_percent',
  'percent_off',
  'amount_off',
  'unit_price',
  'buy_get',
  'member_price',
  'free_shipping',
  'points_multiplier',
  'gift',
] as const
export type Kind = (typeof KINDS)[number]
export const STAGES = ['price', 'item', 'order', 'coupon', 'shipping', 'gift', 'earn'] as const
export type Stage = (typeof STAGES)[number]
export type OfferStatus = 'draft' | 'active' | 'paused' | 'archived'

export interface Scope {
  skus: string[]
  categories: string[]
  tags: string[]
  exclude_skus: string[]
}

export interface NthWeekday {
  nth: number
  weekday: number
}

export interface When {
  from: string | null
  until: string | null
  weekdays: number[]
  days_of_month: number[]
  nth_weekdays: NthWeekday[]
  hours: string[] | null
  except_days: string[]
  early: Early[]
  festivals: FestivalSpan[]
}

/** Tiers for which it begins before it does for everybody. */
export interface Early {
  tiers: string[]
  from: string
}

export const REGIONS = ['cn', 'hk', 'mo', 'tw', 'sg'] as const
export interface FestivalSpan {
  region: (typeof REGIONS)[number]
  festival: string
  days_before: number
  days_after: number
}

export interface Condition {
  fact: string
  op: string
  value: unknown
}
export type Rule = RuleTree<Condition>

export interface Who {
  tiers: string[]
  segments: string[]
  channels: string[]
  stores: string[]
  members_only: boolean
  rule: Rule | null
  cel: string | null
}

export interface Limit {
  per_order: number | null
  per_member: number | null
  total: number | null
  member_period: 'ever' | 'year'
}

export interface BudgetTerms {
  stop: 'hard' | 'soft'
  per: 'all' | 'store' | 'day' | 'month'
  funder: string | null
  funders: { funder: string; share_bps: number }[]
}

export interface OfferDocument {
  code: string
  name: string | null
  kind: Kind
  params: Record<string, unknown>
  scope: Scope
  when: When
  who: Who
  stage: Stage | null
  priority: number
  group: string | null
  exclusive: boolean
  requires_code: boolean
  limit: Limit
  budget: number | null
  budget_terms: BudgetTerms
  on_return: 'keep' | 'requalify'
  held_out_bps: number | null
  personal: Personal | null
  status: OfferStatus
}

/** How the strength varies with what a member did: from its own up to `most_bps`. */
export interface Personal {
  most_bps: number
  steps: { bps: number; rule: Rule | null }[]
}

export interface Offer extends OfferDocument {
  version: number
  created_at: string
  changed_at: string
}

export interface ParamSchema {
  type?: string
  title?: string
  'x-unit'?: 'bps' | 'rate_bps' | 'minor'
  $ref?: string
  enum?: string[]
  default?: unknown
  minimum?: number
  maximum?: number
  maxLength?: number
  items?: ParamSchema
  additionalProperties?: ParamSchema | boolean
  properties?: Record<string, ParamSchema>
  required?: string[]
  $defs?: Record<string, ParamSchema>
}

export interface Fact {
  name: string
  type: 'number' | 'flag' | 'text' | 'set'
  title: string
  operators: string[]
}

export interface Kinds {
  kinds: { kind: Kind; title: string; stage: Stage; params_schema: ParamSchema }[]
  facts: Fact[]
  presets: { name: string; rule: Rule }[]
  /** Days by region and festival, for three years. */
  festivals: Record<string, Record<string, string[]>>
}

export interface Taken {
  most: number
  used: number
  held: number
  left: number
}

export interface OfferCount {
  code: string
  uses: Taken | null
  budgets: (Taken & { store: string | null })[]
}

export interface Product {
  sku: string
  name: string | null
  category: string | null
  tags: string[]
  list_price: number | null
}

export interface CartLine {
  sku: string
  quantity: number
  unit_price: number
}

export interface Cart {
  member_id?: string | null
  channel?: string | null
  store?: string | null
  at?: string | null
  lines: CartLine[]
  shipping_minor: number
  coupon_codes?: string[]
  redeem?: { points?: number | 'max'; growth_value?: number | 'max' }
  as_new_member?: boolean
}

export interface Share {
  offer: string
  amount: number
}

export interface Tenders {
  points: number
  growth_value: number
  stored_value: number
}

export interface PricedLine {
  line: number
  gross: number
  discounts: Share[]
  tenders: Tenders
  net: number
}

export interface Rejected {
  offer?: string
  coupon?: string
  code: string
  reason: string
  missing?: number
  sku?: string
  left?: number
  opens_at?: string
}

export interface Evaluation {
  lines: PricedLine[]
  shipping: { gross: number; discounts: Share[] }
  gifts: { offer: string; sku: string; quantity: number }[]
  gross: number
  discount: number
  payable: number
  due: number
  points_to_earn: number
  applied: Share[]
  rejected: Rejected[]
  suggestions: { offer: string; add: number; save: number; proved: boolean }[]
  certificate: { value: number; bound: number; gap: number }
}

export interface Quote extends Evaluation {
  id: string
  expires_at: string
}

export interface LintCart {
  lines: (CartLine & { category: string | null })[]
  shipping_minor: number
}

export interface Finding {
  code: string
  severity: 'error' | 'warning' | 'note'
  offers: string[]
  tiers: string[]
  facts: Record<string, unknown>
  cart: LintCart | null
}

export interface Worst {
  cart: LintCart
  tier: string | null
  at: string
  channel: string | null
  store: string | null
  cost: number
  of: number
  share_bps: number
  evaluation: Evaluation
}

export interface LintReport {
  findings: Finding[]
  dearest: Worst | null
  deepest: Worst | null
  a_day: number[]
  bound_bps: number
  carts: number
}
