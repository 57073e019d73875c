/** Asks for the prices of a page's articles, each for a stranger and for who would join now. */
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
}

interface Verdict {
  status: number
  code?: string
  evaluation?: { due: number; points_to_earn: number }
}

interface Wanted {
  sku: string
  unit_price: number
  tell: (price: Price) => void
  fail: (reason: Error) => void
}

type Send = (input: string, init: RequestInit) => Promise<Response>

/** Two carts an article, and a request takes a hundred. */
const MOST_ARTICLES = 50

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
 * at a time in one request. Every article is a basket of its own: in a basket of the whole page a
 * threshold would be reached that nobody who buys one article reaches.
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
      const verdicts = await this.evaluate(articles)
      articles.forEach((article, place) => {
        const [now, then] = [verdicts[2 * place], verdicts[2 * place + 1]]
        if (now?.evaluation && then?.evaluation) {
          const { due: member, points_to_earn: points } = then.evaluation
          article.tell({ now: now.evaluation.due, member, points })
        } else {
          article.fail(new Error(`${article.sku}: ${now?.code ?? then?.code ?? 'not priced'}`))
        }
      })
    } catch (reason) {
      for (const article of articles) article.fail(reason as Error)
    }
  }

  private async evaluate(articles: Wanted[]): Promise<Verdict[]> {
    const { api, key, channel, store } = this.settings
    const carts = articles.flatMap(({ sku, unit_price }) =>
      [false, true].map((as_new_member) => ({
        lines: [{ sku, unit_price, quantity: 1 }],
        channel,
        store,
        as_new_member,
      })),
    )
    const response = await this.send(`${api}/api/v1/evaluations/bulk`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      credentials: 'omit',
      body: JSON.stringify({ carts }),
    })
    if (!response.ok) throw new Error(`evaluations answered ${response.status}`)
    return ((await response.json()) as { carts: Verdict[] }).carts
  }
}
