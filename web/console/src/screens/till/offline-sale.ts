import type { Evaluation } from '../../api/offers'
import { type BasketLine, priceable } from '../../basket'
import type { Json } from '../../offline/canonical'

export const IDENTITY_TYPES = ['phone', 'card', 'external'] as const

/** How a buyer says who they are, where nobody can be looked up. */
export interface TypedIdentity {
  type: (typeof IDENTITY_TYPES)[number]
  value: string
}

/** Whether what was typed may be somebody: a phone has digits, and not too few. */
export function mayBeSomebody({ type, value }: TypedIdentity): boolean {
  const text = value.trim()
  if (type !== 'phone') return text.length <= 255
  return text === '' || /^\+?[\d\s-]{6,20}$/.test(text)
}

/** What the lines cost as they are typed: without a line no offer is promised. */
export function plainPrice(lines: BasketLine[]): Evaluation {
  const priced = priceable(lines).map((line, index) => {
    const gross = line.quantity * line.unit_price
    const tenders = { points: 0, growth_value: 0, stored_value: 0 }
    return { line: index + 1, gross, discounts: [], tenders, net: gross }
  })
  const total = priced.reduce((sum, line) => sum + line.gross, 0)
  return {
    lines: priced,
    shipping: { gross: 0, discounts: [] },
    gifts: [],
    gross: total,
    discount: 0,
    payable: total,
    due: total,
    points_to_earn: 0,
    applied: [],
    rejected: [],
    suggestions: [],
    certificate: { value: 0, bound: 0, gap: 0 },
  }
}

/** Who an order is for, in its body; nobody where nothing is typed. */
export function identified(identity: TypedIdentity): { [key: string]: Json } {
  const value = identity.value.trim()
  return value ? { identity: { type: identity.type, value } } : {}
}

/** The same sale for another buyer. */
export function forBuyer(
  body: { [key: string]: Json },
  identity: TypedIdentity,
): { [key: string]: Json } {
  const { member_id: _member, identity: _before, ...rest } = body
  return { ...rest, ...identified(identity) }
}

/** The body of an order that was sold at the prices typed. */
export function offlineOrder(sale: {
  number: string
  at: string
  member: string | null
  identity: TypedIdentity
  channel: string
  store: string
  lines: BasketLine[]
}): { [key: string]: Json } {
  const who: { [key: string]: Json } = sale.member
    ? { member_id: sale.member }
    : identified(sale.identity)
  return {
    external_id: sale.number,
    ...who,
    channel: sale.channel,
    ...(sale.store ? { store: sale.store } : {}),
    placed_at: sale.at,
    paid_at: sale.at,
    lines: priceable(sale.lines).map(({ sku, quantity, unit_price }) => ({
      sku,
      quantity,
      unit_price,
    })),
    paid: plainPrice(sale.lines).due,
  }
}
