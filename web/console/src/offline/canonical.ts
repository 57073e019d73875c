/** JSON as a till signs it. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/**
 * The one text that stands for a value (RFC 8785): keys by UTF-16 code units, no spaces. Numbers are
 * whole and exact; anything else throws, as the server would refuse it.
 */
export function canonical(value: Json): string {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new Error(`${value} is no exact whole number`)
    return JSON.stringify(value === 0 ? 0 : value)
  }
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key] as Json)}`)
  return `{${members.join(',')}}`
}
