import type { MemberNotice } from '@shared/notices'
import type { Balances, Consent, NextStep, TierName, TierStatement } from '@shared/api/types'
import type { Tenders } from './offers'

export type Role = 'owner' | 'manager' | 'analyst' | 'cashier'
export const ROLES: Role[] = ['owner', 'manager', 'analyst', 'cashier']

export interface Merchant {
  code: string
  name: string
  currency: string
  zone: string
  locale: string
  /** The programme clock, where it does not run with real time. */
  clock_at: string | null
  now: string
  source_note: string | null
}

export interface Session {
  user: { username: string; name: string }
  role: Role
  permissions: string[]
  merchant: Merchant
  merchants: { code: string; name: string; role: Role }[]
  totp: { required: boolean; enrolled: boolean; verified: boolean }
}

export interface TotpOffer {
  uri: string
  svg: string
}

// ── home ──
export interface Figure {
  id: string
  value: number | null
  unit: 'bps' | 'minor' | 'count' | 'points'
  before: number | null
  series: { at: string; value: number }[]
  detail: Record<string, number | string | null>
}

export interface Todo {
  id: string
  count: number
  amount: number | null
  unit: 'points' | 'minor' | null
  link: string
}

export interface Cohort {
  cohort: string
  size: number
  active: (number | null)[]
  returned_by?: (number | null)[]
  over?: boolean
}

export interface StoryStep {
  id: string
  figure: number | string | { value: number; unit: string } | null
  link: string
}

export interface Home {
  as_of: string
  window_days: number
  figures: Figure[]
  todo: Todo[]
  trend: {
    at: string
    rate_bps: number
    members_active: number
    whole_window: boolean
  }[]
  cohorts: { cohorts: Cohort[] }
  pyramid: { code: string; name: string; members: number }[]
  funnel: { id: string; members: number }[]
  story: StoryStep[]
  facts: { as_of: string | null; exported_at: string | null; stale: boolean }
  empty: boolean
}

// ── members ──
export interface Identity {
  type: string
  masked: string
}

export interface MemberRow {
  id: string
  name: string | null
  number: string
  identities: Identity[]
  tier: TierName
  points: number
  growth_value: number
  orders: number
  spend_minor: number
  last_order_day: string | null
  joined_at: string
  status: string
}

export interface MemberFigures {
  orders: number
  spend_minor: number
  refunded_minor: number
  average_order_minor: number
  days_between_orders: number | null
  last_order_day: string | null
  points_earned: number
  points_spent: number
  points_expired: number
}

export interface Member {
  id: string
  number: string
  name: string | null
  status: string
  joined_at: string
  channel: string | null
  store: string | null
  identities: Identity[]
  birthday: string | null
  birthday_changeable_from: string | null
  tier: TierStatement
  balances: Balances
  consents: Consent[]
  figures: MemberFigures
  next_step: NextStep | null
  notices: MemberNotice[]
  merged_from: { merge_id: string; member_id: string; at: string }[]
  merged_into: string | null
}

export interface TimelineItem {
  at: string
  kind: string
  title_key: string
  amount: number | null
  unit: 'points' | 'minor' | 'growth_value' | null
  link: { type: string; id: string } | null
  detail: Record<string, string | number | null>
}

// ── orders ──
export interface OrderRow {
  id: string
  external_id: string
  member: { id: string; number: string; name: string | null } | null
  placed_at: string
  paid_at: string | null
  status: string
  lines: number
  net_minor: number
  refunded_minor: number
  points: number
  growth_value: number
  channel: string | null
  store: string | null
}

export interface OrderLine {
  line: number
  sku: string
  name: string | null
  category: string | null
  quantity: number
  returned: number
  unit_price_minor: number | null
  net_minor: number
  /** Of an order on a quote: before discounts and tenders. */
  gross_minor: number | null
  discounts: { offer: string; amount: number }[]
  tenders: Tenders | null
}

/** The price that was quoted for an order. */
export interface Deal {
  quote_id: string
  gross_minor: number
  applied: { offer: string; name: string; amount: number }[]
  shipping_gross_minor: number
  shipping_minor: number
  payable_minor: number
  tenders: { asset: keyof Tenders; units: number; minor: number }[]
  due_minor: number
  gifts: Gift[]
}

export interface Gift {
  offer: string
  sku: string
  quantity: number
}

export interface OrderRefund {
  id: string
  external_id: string
  refunded_at: string
  cash_minor: number
  points_taken: number
  growth_value_taken: number
  debt: number
  lines: { line: number; quantity: number }[]
}

export interface Earned {
  tier: string
  points_bps: number
  explained: ({ code: string; asset: string } & Record<string, unknown>)[]
}

export interface Order extends Omit<OrderRow, 'lines'> {
  lines: OrderLine[]
  refunds: OrderRefund[]
  earned: Earned | null
  deal: Deal | null
}

export interface RefundPreview {
  lines: {
    line: number
    quantity: number
    cash: number
    points: number
    growth_value: number
    stored_value: number
  }[]
  taken_back: { points: number; growth_value: number }
  debt: number
  gifts: Gift[]
}

// ── imports ──
/** The file's columns, how they would be read, and its first rows as they stand. */
export interface ImportPreview {
  columns: string[]
  profile: string | null
  confidence_bps: number
  mapping: { field: string; column: string; confidence_bps: number }[]
  rows: (string | null)[][]
}

export interface ImportRun {
  id: string
  kind: 'orders' | 'refunds' | 'members'
  file_name: string
  profile: string
  status: 'ready' | 'queued' | 'running' | 'done' | 'failed' | 'undoing' | 'undone'
  pieces_done: number
  pieces: number | null
  orders: number
  lines: number
  repeated: number
  rejected: number
  report: Record<string, unknown> | null
  error: string
  rate_rows_s: number | null
  eta_s: number | null
  created_at: string
  created_by: string | null
  started_at: string | null
  finished_at: string | null
  preview: ImportPreview | null
}

/** What leaving would take and keep, and every leaving before. */
export interface Leaving {
  status: 'active' | 'shopper' | 'left'
  left_at: string | null
  points: { rule: 'freeze' | 'lapse'; available: number; pending: number; lapse: number }
  consents: string[]
  history: {
    left_at: string
    channel: string
    points: 'frozen' | 'lapsed'
    lapsed: number
    rejoined_at: string | null
  }[]
}

export type BroughtAs =
  | 'created'
  | 'promoted'
  | 'completed'
  | 'repeated'
  | 'conflict'
  | 'left'
  | 'undone'

export interface BroughtCounts {
  outcomes: Partial<Record<BroughtAs, number>>
  recognised_by: Record<string, number>
}

export interface BroughtRow {
  row: number
  outcome: BroughtAs
  member_id: string | null
  recognised_by: string[]
  merge_into: string | null
  merge: string[]
}

/** Whom the rows of a member file meant: counts, and the rows of one outcome. */
export interface Brought extends BroughtCounts {
  data: BroughtRow[]
  has_more: boolean
  next_cursor: string | null
}

export interface RowFault {
  row: number
  column: string | null
  code: string
  message: string
}

// ── settings ──
export interface ApiKey {
  id: string | number
  name: string
  prefix: string
  created_at: string
  created_by: string | null
  revoked_at: string | null
}

export interface Staff {
  id: string | number
  username: string
  name: string
  role: Role
  totp: boolean
}

export interface AuditRow {
  id?: string
  at: string
  actor: string
  operation: string
  subject: string | null
  status: number | string
}

export interface Settings {
  code: string
  name: string
  currency: string
  zone: string
  locale: string
  clock_at: string | null
  source_note: string | null
  stores: { code: string; name: string }[]
  version: string
}
