const STORAGE_KEY = 'regulars.card'

/**
 * The member token of a card link ("/m/#<token>"): taken out of the address, kept for this tab.
 * A hash that begins with "/" names a page, not a token.
 */
export function tokenOf(hash: string, kept: string | null): { token: string; fresh: boolean } {
  const found = decodeURIComponent(hash.replace(/^#/, ''))
  if (found && !found.startsWith('/')) return { token: found, fresh: true }
  return { token: kept ?? '', fresh: false }
}

export function takeToken(): string {
  const { token, fresh } = tokenOf(location.hash, sessionStorage.getItem(STORAGE_KEY))
  if (fresh) {
    sessionStorage.setItem(STORAGE_KEY, token)
    history.replaceState(null, '', `${location.pathname}#/card`)
  }
  return token
}
