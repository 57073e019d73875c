/** Asks for the price tags of a page's articles. */
export interface Settings {
  api: string
  key: string
  channel: string | null
  store: string | null
}

export interface Price {
  /** In minor units. */
  now: number
  member: number
  points: number
  /** May lawfully stand struck through beside `now`; null: nothing may. */
  strike: number | null
}

interface Verdict {
  status: number
  code?: string
  tag?: {
    everybody: { price: number }
    joining: { price: number; points: number }
    strike: number | null
  }
}

interface Wanted {
  sku: string
  unit_price: number
  tell: (price: Price) => void
  fail: (reason: Error) => void
}

type Send = (input: string, init: RequestInit) => Promise<Response>

/** As many as a request takes. */
const MOST_ARTICLES = 100

/** When all elements of the page have said what they want: once it is read, then at each turn. */
function whenQuiet(act: () => void): void {
  if (document.readyState === 'loading') {
    document.addEventListener('DOMContentLoaded', act, { once: true })
  } else {
    setTimeout(act)
  }
}

/**
 * Prices by article, each asked for once a page however often it is shown, and all that are wanted
 * at a time in one request.
 */
export class Prices {
  private readonly asked = new Map<string, Promise<Price>>()
  private waiting: Wanted[] = []

  constructor(
    private readonly settings: Settings,
    private readonly send: Send = (input, init) => fetch(input, init),
    private readonly later: (act: () => void) => void = whenQuiet,
  ) {}

  of(sku: string, unitPrice: number): Promise<Price> {
    const name = `${unitPrice} ${sku}`
    const known = this.asked.get(name)
    if (known) return known
    const found = new Promise<Price>((tell, fail) => {
      if (this.waiting.length === 0) this.later(() => this.askAll())
      this.waiting.push({ sku, unit_price: unitPrice, tell, fail })
    })
    // Who failed may be asked again by the next element.
    found.catch(() => this.asked.delete(name))
    this.asked.set(name, found)
    return found
  }

  private askAll(): void {
    const all = this.waiting
    this.waiting = []
    for (let first = 0; first < all.length; first += MOST_ARTICLES) {
      void this.ask(all.slice(first, first + MOST_ARTICLES))
    }
  }

  private async ask(articles: Wanted[]): Promise<void> {
    try {
      const verdicts = await this.tags(articles)
      articles.forEach((article, place) => {
        const verdict = verdicts[place]
        if (verdict?.tag) {
          const { everybody, joining, strike } = verdict.tag
          const { price: member, points } = joining
          article.tell({ now: everybody.price, member, points, strike })
        } else {
          article.fail(new Error(`${article.sku}: ${verdict?.code ?? 'not priced'}`))
        }
      })
    } catch (reason) {
      for (const article of articles) article.fail(reason as Error)
    }
  }

  private async tags(articles: Wanted[]): Promise<Verdict[]> {
    const { api, key, channel, store } = this.settings
    const wanted = articles.map(({ sku, unit_price }) => ({ sku, unit_price }))
    const response = await this.send(`${api}/api/v1/price-tags`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      credentials: 'omit',
      body: JSON.stringify({ articles: wanted, channel, store }),
    })
    if (!response.ok) throw new Error(`price tags answered ${response.status}`)
    return ((await response.json()) as { articles: Verdict[] }).articles
  }
}
