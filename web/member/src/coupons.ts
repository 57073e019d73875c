import type { OfferTerms } from '@shared/offer-words'

export type CouponState = 'available' | 'upcoming' | 'used' | 'expired'

export interface Coupon {
  code: string
  offer: string
  offer_name: string
  state: CouponState
  from: string | null
  until: string | null
}

export interface Terms extends OfferTerms {
  code: string
  name: string
}

export const DRAWERS = ['available', 'used', 'expired'] as const
export type Drawer = (typeof DRAWERS)[number]

const SOON_MS = 72 * 3_600_000

/** Coupons of a drawer: usable ones by their end, those to come after them; others latest first. */
export function inDrawer(coupons: Coupon[], drawer: Drawer): Coupon[] {
  const end = (coupon: Coupon) =>
    coupon.until === null ? Number.POSITIVE_INFINITY : Date.parse(coupon.until)
  if (drawer !== 'available') {
    return coupons
      .filter((coupon) => coupon.state === drawer)
      .sort((one, other) => end(other) - end(one) || 0)
  }
  return coupons
    .filter((coupon) => coupon.state === 'available' || coupon.state === 'upcoming')
    .sort(
      (one, other) =>
        Number(one.state === 'upcoming') - Number(other.state === 'upcoming') ||
        (end(one) === end(other) ? 0 : end(one) - end(other)),
    )
}

/** Whether a usable coupon ends within 72 hours. */
export function endsSoon(coupon: Coupon, now: string): boolean {
  if (coupon.state !== 'available' || coupon.until === null) return false
  return Date.parse(coupon.until) - Date.parse(now) <= SOON_MS
}
