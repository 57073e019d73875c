import type { Consent } from './api/types'

/** What members are always asked about; a purpose never answered is a no. */
export const PURPOSES = ['marketing', 'profiling'] as const

/** The latest word on every purpose: those always asked about first, then whatever else was. */
export function everyPurpose(given: Consent[]): Consent[] {
  const known = new Map(given.map((consent) => [consent.purpose, consent]))
  const asked: Consent[] = PURPOSES.map(
    (purpose) =>
      known.get(purpose) ?? {
        purpose,
        granted: false,
        at: null,
        channel: null,
      },
  )
  const names = new Set<string>(PURPOSES)
  return [...asked, ...given.filter((consent) => !names.has(consent.purpose))]
}
