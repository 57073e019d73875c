/** What the browser does here, so that a test can stand in for it. */
export interface Browser {
  /** Whether the server answers at all. */
  answers: () => Promise<boolean>
  load: (address: string) => void
  here: () => string
  now: () => number
  kept: Pick<Storage, 'getItem' | 'setItem'>
}

const KEY = 'renewed-at'
/** Loaded anew and missing again within this time, it is no matter of an older page. */
const AGAIN_MS = 60_000

export const inThisWindow: Browser = {
  answers: () =>
    fetch('/healthz', { cache: 'no-store' }).then(
      (answer) => answer.ok,
      () => false,
    ),
  load: (address) => window.location.assign(address),
  here: () => window.location.href,
  now: () => Date.now(),
  kept: {
    getItem: (key) => window.sessionStorage.getItem(key),
    setItem: (key, value) => window.sessionStorage.setItem(key, value),
  },
}

/**
 * For a part of the program that cannot be fetched. A page that was open while a newer version
 * was installed asks for files that are gone: it is loaded anew, at `address` if one was wanted.
 * Not without a line, where the open page is all there is, nor twice in a row: then false.
 */
export function makeRenewal(browser: Browser = inThisWindow) {
  let wanted: string | null = null
  let asking: Promise<boolean> | null = null

  async function renew(): Promise<boolean> {
    const before = Number(browser.kept.getItem(KEY) ?? 0)
    if (browser.now() - before < AGAIN_MS || !(await browser.answers())) return false
    browser.kept.setItem(KEY, String(browser.now()))
    browser.load(wanted ?? browser.here())
    return true
  }

  return function missing(address?: string): Promise<boolean> {
    wanted = address ?? wanted
    asking ??= renew().finally(() => {
      asking = null
      wanted = null
    })
    return asking
  }
}
