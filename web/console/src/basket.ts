import type { CartLine, Product } from './api/offers'

/** A line of a basket as it is typed; without a price it cannot be priced yet. */
export interface BasketLine {
  sku: string
  name: string | null
  quantity: number
  unit_price: number | null
}

/** "3*TEA" asks for three. */
export function readWanted(text: string): { quantity: number; words: string } {
  const found = /^\s*(\d{1,6})\s*[*x×]\s*(.*)$/i.exec(text)
  if (!found) return { quantity: 1, words: text.trim() }
  return { quantity: Math.max(1, Number(found[1])), words: (found[2] ?? '').trim() }
}

/** The basket with goods added: one more of the line that has them at this price, or a new line. */
export function withGoods(lines: BasketLine[], product: Product, quantity: number): BasketLine[] {
  const at = lines.findIndex(
    (line) => line.sku === product.sku && line.unit_price === product.list_price,
  )
  if (at >= 0) {
    return lines.map((line, index) =>
      index === at ? { ...line, quantity: line.quantity + quantity } : line,
    )
  }
  return [
    ...lines,
    { sku: product.sku, name: product.name, quantity, unit_price: product.list_price },
  ]
}

/** What can be priced: lines with a price. */
export function priceable(lines: BasketLine[]): CartLine[] {
  return lines.flatMap(({ sku, quantity, unit_price }) =>
    unit_price === null || quantity < 1 ? [] : [{ sku, quantity, unit_price }],
  )
}
