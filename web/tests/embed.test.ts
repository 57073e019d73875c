import { describe, expect, it } from 'vitest'
import { minorOf, money } from '../embed/src/element'
import { Prices } from '../embed/src/prices'
import { wordsFor } from '../embed/src/words'

const SETTINGS = { api: 'https://prices.example', key: 'pk_live_x', channel: 'web', store: null }

interface Cart {
  lines: { sku: string; unit_price: number; quantity: number }[]
  as_new_member: boolean
}

/** Answers like the API; `ODD` is an article that it refuses. */
function server(status = 200) {
  const requests: Cart[][] = []
  const send = async (_: string, init: RequestInit) => {
    const { carts } = JSON.parse(String(init.body)) as { carts: Cart[] }
    requests.push(carts)
    const verdicts = carts.map((cart, index) => {
      const [line] = cart.lines
      if (!line || line.sku === 'ODD') return { index, status: 422, code: 'invalid' }
      const due = line.unit_price - (cart.as_new_member ? 400 : 0)
      return {
        index,
        status: 200,
        evaluation: { due, points_to_earn: cart.as_new_member ? Math.floor(due / 100) : 0 },
      }
    })
    return new Response(JSON.stringify({ carts: verdicts }), { status })
  }
  return { requests, prices: new Prices(SETTINGS, send, (act) => setTimeout(act)) }
}

describe('the member price on other pages', () => {
  it('asks once for the whole page, a pair of carts for an article', async () => {
    const { requests, prices } = server()
    const [tea, again, pot] = await Promise.all([
      prices.of('TEA', 3280),
      prices.of('TEA', 3280),
      prices.of('POT', 26800),
    ])
    expect(tea).toEqual({ now: 3280, member: 2880, points: 28 })
    expect(again).toBe(tea)
    expect(pot).toEqual({ now: 26800, member: 26400, points: 264 })
    expect(requests).toHaveLength(1)
    expect(requests[0]?.map((cart) => [cart.lines.length, cart.as_new_member])).toEqual([
      [1, false],
      [1, true],
      [1, false],
      [1, true],
    ])
  })

  it('keeps what it knows and asks for what comes later', async () => {
    const { requests, prices } = server()
    await prices.of('TEA', 3280)
    expect(await prices.of('TEA', 3280)).toEqual({ now: 3280, member: 2880, points: 28 })
    expect(requests).toHaveLength(1)
    await prices.of('TEA', 3000)
    expect(requests).toHaveLength(2)
  })

  it('asks for more articles than a request takes in several', async () => {
    const { requests, prices } = server()
    const many = Array.from({ length: 120 }, (_, n) => prices.of(`SKU-${n}`, 1000 + n))
    expect((await Promise.all(many)).map((price) => price.now)).toEqual(
      Array.from({ length: 120 }, (_, n) => 1000 + n),
    )
    expect(requests.map((carts) => carts.length)).toEqual([100, 100, 40])
  })

  it('lets an article that is refused keep no other from its price', async () => {
    const { prices } = server()
    const [odd, tea] = await Promise.allSettled([prices.of('ODD', 1), prices.of('TEA', 3280)])
    expect(odd).toMatchObject({ status: 'rejected', reason: { message: 'ODD: invalid' } })
    expect(tea.status).toBe('fulfilled')
  })

  it('may be asked again after a failure', async () => {
    const { requests, prices } = server(503)
    await expect(prices.of('TEA', 3280)).rejects.toThrow('503')
    await expect(prices.of('TEA', 3280)).rejects.toThrow('503')
    expect(requests).toHaveLength(2)
  })

  it('speaks by the tag and writes money of any scale', () => {
    expect(wordsFor('zh-TW').member).toBe('會員價')
    expect(wordsFor('zh-Hans-CN').member).toBe('会员价')
    expect(wordsFor('de').join('1')).toBe('Join and save 1')
    expect(money(3280, 'CNY', 'zh-Hans')).toBe('¥32.80')
    expect(money(3280, 'JPY', 'en')).toBe('¥3,280')
  })

  it('takes whole minor units alone', () => {
    expect(minorOf('3280')).toBe(3280)
    for (const wrong of ['32.80', '-1', '', ' 5', '1e3', null]) expect(minorOf(wrong)).toBeNull()
  })
})
