/** The three languages the pages speak; each has strings of its own. */
export const LOCALES = ['zh-hans', 'zh-hant', 'en'] as const
export type Locale = (typeof LOCALES)[number]

export const LOCALE_NAMES: Record<Locale, string> = {
  'zh-hans': '简体',
  'zh-hant': '繁體',
  en: 'English',
}

/** The tag for Intl and for `lang`. */
export const LOCALE_TAGS: Record<Locale, string> = {
  'zh-hans': 'zh-Hans',
  'zh-hant': 'zh-Hant',
  en: 'en',
}

const STORAGE_KEY = 'regulars.locale'

/** The locale nearest to a language tag, or null when it is none of ours. */
export function matchLocale(tag: string): Locale | null {
  const lower = tag.toLowerCase()
  if (/^zh(-.*)?-(hant|tw|hk|mo)\b/.test(lower)) return 'zh-hant'
  if (/^zh\b/.test(lower)) return 'zh-hans'
  if (/^en\b/.test(lower)) return 'en'
  return null
}

/** What was chosen here before, else the first of `tags` we speak, else English. */
export function chooseLocale(stored: string | null, tags: readonly string[]): Locale {
  const kept = LOCALES.find((locale) => locale === stored)
  if (kept) return kept
  for (const tag of tags) {
    const found = matchLocale(tag)
    if (found) return found
  }
  return 'en'
}

/** The stored choice; storage may be refused by a private window. */
export function storedLocale(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY)
  } catch {
    return null
  }
}

export function storeLocale(locale: Locale): void {
  try {
    localStorage.setItem(STORAGE_KEY, locale)
  } catch {
    // Without storage the choice holds until the page is closed.
  }
}
