/** How much there is of articles, and from when on, as the API has it. */
import type { Early, Taken } from './offers'

export interface SupplyTerms {
  units: number | null
  opens_at: string | null
  early: Early[]
  early_units: number | null
}

export interface Supply extends SupplyTerms {
  sku: string
  stock: Taken | null
  early_stock: Taken | null
}
