/** Asks for the price of one article, for a stranger and for who would join now. */
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

interface Answer {
  due: number
  points_to_earn: number
}

type Send = (input: string, init: RequestInit) => Promise<Response>

async function evaluate(
  settings: Settings,
  goods: { sku: string; unit_price: number },
  joined: boolean,
  send: Send,
): Promise<Answer> {
  const response = await send(`${settings.api}/api/v1/evaluations`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${settings.key}`,
      'Content-Type': 'application/json',
    },
    credentials: 'omit',
    body: JSON.stringify({
      lines: [{ ...goods, quantity: 1 }],
      channel: settings.channel,
      store: settings.store,
      as_new_member: joined,
    }),
  })
  if (!response.ok) throw new Error(`evaluations answered ${response.status}`)
  return (await response.json()) as Answer
}

/**
 * Prices by article, each asked for once a page however often it is shown. Every article is a
 * basket of its own: in a basket of the whole page a threshold would be reached that nobody who
 * buys one article reaches.
 */
export class Prices {
  private readonly asked = new Map<string, Promise<Price>>()

  constructor(
    private readonly settings: Settings,
    private readonly send: Send = (input, init) => fetch(input, init),
  ) {}

  of(sku: string, unitPrice: number): Promise<Price> {
    const name = `${unitPrice} ${sku}`
    const known = this.asked.get(name)
    if (known) return known
    const goods = { sku, unit_price: unitPrice }
    const found = Promise.all([
      evaluate(this.settings, goods, false, this.send),
      evaluate(this.settings, goods, true, this.send),
    ]).then(([now, then]) => ({ now: now.due, member: then.due, points: then.points_to_earn }))
    // Who failed may be asked again by the next element.
    found.catch(() => this.asked.delete(name))
    this.asked.set(name, found)
    return found
  }
}
