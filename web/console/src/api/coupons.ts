/** Coupons: batches of codes, and a member's own. */

/** How a coupon for the next order hangs on what is known of the member. */
export interface Sized {
  most_days: number
  stronger: string[]
  margin_bps: number | null
  spare: boolean
}

export interface Batch {
  id: string
  offer: string
  kind: 'public' | 'generated' | 'personal' | 'issued' | 'given'
  state: 'making' | 'done' | 'issuing' | 'withdrawn'
  count: number
  made: number
  member_id: string | null
  from: string | null
  until: string | null
  valid_days: number | null
  max_uses: number | null
  max_uses_per_member: number | null
  issue: { on: 'order_paid'; after: 'return_window' | number; sized: Sized | null } | null
  created_at: string
}

export interface BatchMade extends Batch {
  codes: string[] | null
}

export interface WalletEntry {
  code: string
  offer: string
  offer_name: string
  state: 'available' | 'upcoming' | 'used' | 'expired'
  from: string | null
  until: string | null
}
