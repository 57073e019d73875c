import { describe, expect, it } from 'vitest'
import { minorOf, money } from '../embed/src/element'
import { Prices } from '../embed/src/prices'
import { wordsFor } from '../embed/src/words'

const SETTINGS = { api: 'https://prices.example', key: 'pk_live_x', channel: 'web', store: null }

function server(status = 200) {
  const bodies: Record<string, unknown>[] = []
  const send = async (_: string, init: RequestInit) => {
    const body = JSON.parse(String(init.body)) as Record<string, unknown>
    bodies.push(body)
    const due = body.as_new_member ? 2880 : 3280
    return new Response(JSON.stringify({ due, points_to_earn: body.as_new_member ? 28 : 0 }), {
      status,
    })
  }
  return { bodies, send }
}

describe('the member price on other pages', () => {
  it('asks a pair for an article, once however often it is shown', async () => {
    const { bodies, send } = server()
    const prices = new Prices(SETTINGS, send)
    const [one, again] = await Promise.all([prices.of('TEA', 3280), prices.of('TEA', 3280)])
    expect(one).toEqual({ now: 3280, member: 2880, points: 28 })
    expect(again).toBe(one)
    expect(bodies.map((body) => body.as_new_member)).toEqual([false, true])
    await prices.of('TEA', 3000)
    expect(bodies).toHaveLength(4)
  })

  it('prices each article alone, so that no threshold of the page is reached', async () => {
    const { bodies, send } = server()
    const prices = new Prices(SETTINGS, send)
    await Promise.all([prices.of('TEA', 3280), prices.of('POT', 26800)])
    expect(bodies.map((body) => (body.lines as unknown[]).length)).toEqual([1, 1, 1, 1])
  })

  it('may be asked again after a failure', async () => {
    const failing = server(503)
    const prices = new Prices(SETTINGS, failing.send)
    await expect(prices.of('TEA', 3280)).rejects.toThrow('503')
    await expect(prices.of('TEA', 3280)).rejects.toThrow('503')
    expect(failing.bodies).toHaveLength(4)
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
