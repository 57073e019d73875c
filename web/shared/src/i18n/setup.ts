import { createI18n } from 'vue-i18n'
import { chooseLocale, LOCALE_TAGS, type Locale, storedLocale, storeLocale } from './locales'

type Messages = Record<string, unknown>
export type Loader = (locale: Locale) => Promise<Messages>

/** An i18n that loads each language's strings when they are first wanted. */
export function makeI18n(load: Loader) {
  const i18n = createI18n({
    legacy: false,
    locale: 'en',
    missingWarn: import.meta.env.DEV,
    fallbackWarn: false,
    messages: {},
  })
  const loaded = new Set<Locale>()

  async function show(locale: Locale): Promise<void> {
    if (!loaded.has(locale)) {
      i18n.global.setLocaleMessage(locale, (await load(locale)) as never)
      loaded.add(locale)
    }
    i18n.global.locale.value = locale as never
    document.documentElement.lang = LOCALE_TAGS[locale]
  }

  return {
    i18n,
    /** Shows the kept or preferred language. */
    start: () => show(chooseLocale(storedLocale(), navigator.languages)),
    /** Shows a language and keeps the choice. */
    async choose(locale: Locale) {
      await show(locale)
      storeLocale(locale)
    },
    current: () => i18n.global.locale.value as Locale,
  }
}
