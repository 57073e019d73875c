import type { Locale } from '@shared/i18n/locales'
import { makeI18n } from '@shared/i18n/setup'

const LOADERS: Record<Locale, () => Promise<{ default: Record<string, unknown> }>> = {
  'zh-hans': () => import('./locales/zh-hans'),
  'zh-hant': () => import('./locales/zh-hant'),
  en: () => import('./locales/en'),
}

export const language = makeI18n(async (locale) => (await LOADERS[locale]()).default)
