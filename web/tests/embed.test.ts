import { describe, expect, it } from 'vitest'
import { minorOf, money } from '../embed/src/element'
import { Prices } from '../embed/src/prices'
import { wordsFor } from '../embed/src/words'

const SETTINGS = { api: 'https://prices.example', key: 'pk_live_x', channel: 'web', store: null }

interface Article {
  sku: string
  unit_price: number
}

/** Answers like the API; `ODD` is an article that it refuses. */
function server(status = 200) {
  const requests: Article[][] = []
  const send = async (_: string, init: RequestInit) => {
    const { articles } = JSON.parse(String(init.body)) as { articles: Article[] }
    requests.push(articles)
    const verdicts = articles.map(({ sku, unit_price }, index) => {
      if (sku === 'ODD') return { index, status: 422, code: 'invalid' }
      const price = unit_price - 400
      const tag = {
        everybody: { price: unit_price },
        joining: { price, points: Math.floor(price / 100) },
        strike: sku === 'TEA' ? 3800 : null,
      }
      return { index, status: 200, tag }
    })
    return new Response(JSON.stringify({ articles: verdicts }), { status })
  }
  return { requests, prices: new Prices(SETTINGS, send, (act) => setTimeout(act)) }
}

describe('the member price on other pages', () => {
  it('asks once for the whole page, and for each article once', async () => {
    const { requests, prices } = server()
    const [tea, again, pot] = await Promise.all([
      prices.of('TEA', 3280),
      prices.of('TEA', 3280),
      prices.of('POT', 26800),
    ])
    expect(tea).toEqual({ now: 3280, member: 2880, points: 28, strike: 3800 })
    expect(again).toBe(tea)
    expect(pot).toEqual({ now: 26800, member: 26400, points: 264, strike: null })
    expect(requests).toHaveLength(1)
    expect(requests[0]?.map((article) => article.sku)).toEqual(['TEA', 'POT'])
  })

  it('keeps what it knows and asks for what comes later', async () => {
    const { requests, prices } = server()
    await prices.of('TEA', 3280)
    expect((await prices.of('TEA', 3280)).member).toBe(2880)
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
    expect(requests.map((articles) => articles.length)).toEqual([100, 20])
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
