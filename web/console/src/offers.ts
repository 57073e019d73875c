import type { Page } from '@shared/api/types'
import { api } from './api/client'
import type { Offer } from './api/offers'

const PAGE = 100
const MOST_PAGES = 20

/** All offers of the merchant by code, archived ones too. */
export async function allOffers(signal?: AbortSignal): Promise<Offer[]> {
  const found: Offer[] = []
  let after: string | null = null
  for (let asked = 0; asked < MOST_PAGES; asked += 1) {
    const page: Page<Offer> = await api.get<Page<Offer>>(
      '/offers',
      { limit: PAGE, starting_after: after },
      signal,
    )
    found.push(...page.data)
    if (!page.has_more) break
    after = page.next_cursor
  }
  return found
}

/** What an offer is called, by its code; the code itself where it is not among them. */
export function offerNames(offers: Pick<Offer, 'code' | 'name'>[]): (code: string) => string {
  const names = new Map(offers.map((offer) => [offer.code, offer.name]))
  return (code) => names.get(code) || code
}
