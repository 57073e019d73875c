import { describe, expect, it } from 'vitest'
import { type Browser, makeRenewal } from '../shared/src/renewal'

/** A browser that remembers what it was told to load. */
function browserOf(answers: boolean) {
  const loaded: string[] = []
  const store = new Map<string, string>()
  const clock = { now: 1_000_000 }
  const browser: Browser = {
    answers: async () => answers,
    load: (address) => void loaded.push(address),
    here: () => '/console/orders',
    now: () => clock.now,
    kept: {
      getItem: (key) => store.get(key) ?? null,
      setItem: (key, value) => void store.set(key, value),
    },
  }
  return { browser, loaded, clock }
}

describe('a part of the program that cannot be fetched', () => {
  it('is had by loading the page anew, at the screen that was wanted', async () => {
    const { browser, loaded } = browserOf(true)
    const missing = makeRenewal(browser)
    // The bundler tells of the file, then the router of the screen: one and the same.
    const told = await Promise.all([missing(), missing('/console/members')])
    expect(told).toEqual([true, true])
    expect(loaded).toEqual(['/console/members'])
  })

  it('leaves an open page alone where nothing answers', async () => {
    const { browser, loaded } = browserOf(false)
    expect(await makeRenewal(browser)('/console/members')).toBe(false)
    expect(loaded).toEqual([])
  })

  it('is not asked for in circles', async () => {
    const { browser, loaded, clock } = browserOf(true)
    expect(await makeRenewal(browser)()).toBe(true)
    clock.now += 5_000
    expect(await makeRenewal(browser)()).toBe(false)
    clock.now += 60_000
    expect(await makeRenewal(browser)()).toBe(true)
    expect(loaded).toEqual(['/console/orders', '/console/orders'])
  })
})
