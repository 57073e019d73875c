import { makeClient } from '@shared/api/client'
import { LOCALE_TAGS } from '@shared/i18n/locales'
import { language } from './i18n'
import { takeToken } from './token'

const token = takeToken()

export const hasToken = token !== ''

export const api = makeClient({
  base: '/member/api',
  language: () => LOCALE_TAGS[language.current()],
  identity: () => ({ Authorization: `Bearer ${token}` }),
})
