import type { Product } from '../api/offers'

const MOST = 5_000
const known = new Map<string, Product>()

/** Goods that were found while there was a line are found without one, as long as the page is open. */
export function rememberGoods(products: Product[]): void {
  for (const product of products) {
    if (known.size < MOST || known.has(product.sku)) known.set(product.sku, product)
  }
}

export function knownGoods(query: string, limit: number): Product[] {
  const wanted = query.toLowerCase()
  return [...known.values()]
    .filter((one) => one.sku.toLowerCase().includes(wanted) || one.name?.toLowerCase().includes(wanted))
    .sort((one, other) => one.sku.localeCompare(other.sku))
    .slice(0, limit)
}
