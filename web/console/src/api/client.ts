import { makeClient, readCookie } from '@shared/api/client'
import { LOCALE_TAGS } from '@shared/i18n/locales'
import { language } from '../i18n'

const signedOut: { handle: () => void } = { handle: () => undefined }

/** What to do when the server says that nobody is signed in any more. */
export function whenSignedOut(handle: () => void): void {
  signedOut.handle = handle
}

export const api = makeClient({
  base: '/console/api',
  language: () => LOCALE_TAGS[language.current()],
  identity: (writing) =>
    writing
      ? { 'X-CSRFToken': readCookie('csrftoken', document.cookie) }
      : ({} as Record<string, string>),
  onSignedOut: () => signedOut.handle(),
})
