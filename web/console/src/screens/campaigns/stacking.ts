import type { OfferDocument, Scope } from '../../api/offers'
import { phaseOf } from './calendar'
import { stageOf } from './document'

/** How two offers stand to each other; the first that fits, the firmest first. */
export const PAIRINGS = [
  'together',
  'group',
  'exclusive',
  'never_meet_time',
  'never_meet_goods',
] as const
export type Pairing = (typeof PAIRINGS)[number]

const CROWDED = ['item', 'order', 'coupon']

/** An exclusive offer stands beside no other of the stages item, order and coupon. */
function shutsOut(one: OfferDocument, other: OfferDocument): boolean {
  return one.exclusive && CROWDED.includes(stageOf(other))
}

function hoursApart(one: string[] | null, other: string[] | null): boolean {
  if (!one || !other) return false
  return (one[1] as string) <= (other[0] as string) || (other[1] as string) <= (one[0] as string)
}

function disjoint<Item>(one: Item[], other: Item[]): boolean {
  return one.length > 0 && other.length > 0 && !one.some((item) => other.includes(item))
}

/** Whether no instant is open to both, as far as their calendars alone prove it. */
export function neverTogetherInTime(one: OfferDocument, other: OfferDocument, now: string): boolean {
  if (phaseOf(one, now) === 'ended' || phaseOf(other, now) === 'ended') return true
  const begins = [one.when.from, other.when.from].filter(Boolean).map((at) => Date.parse(at as string))
  const ends = [one.when.until, other.when.until].filter(Boolean).map((at) => Date.parse(at as string))
  if (begins.length && ends.length && Math.max(...begins) >= Math.min(...ends)) return true
  return (
    disjoint(one.when.weekdays, other.when.weekdays) ||
    disjoint(one.when.days_of_month, other.when.days_of_month) ||
    hoursApart(one.when.hours, other.when.hours)
  )
}

/** The skus an offer can be on, where it names nothing but skus; null where it may be any. */
function onlySkus(scope: Scope): string[] | null {
  if (scope.categories.length || scope.tags.length || !scope.skus.length) return null
  return scope.skus.filter((sku) => !scope.exclude_skus.includes(sku))
}

/** Whether no article can lie in both scopes; categories and tags may name the same article. */
export function neverOnSameGoods(one: OfferDocument, other: OfferDocument): boolean {
  const [left, right] = [onlySkus(one.scope), onlySkus(other.scope)]
  if (left && right) return !left.some((sku) => right.includes(sku))
  if (left) return left.every((sku) => other.scope.exclude_skus.includes(sku))
  if (right) return right.every((sku) => one.scope.exclude_skus.includes(sku))
  return false
}

/** How `one` and `other` stand to each other at all times from `now` on. */
export function pairing(one: OfferDocument, other: OfferDocument, now: string): Pairing {
  if (one.group && one.group === other.group) return 'group'
  if (shutsOut(one, other) || shutsOut(other, one)) return 'exclusive'
  if (neverTogetherInTime(one, other, now)) return 'never_meet_time'
  if (neverOnSameGoods(one, other)) return 'never_meet_goods'
  return 'together'
}
