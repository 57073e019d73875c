import type { Formatter } from '@shared/format/formatter'

/** Named parts of an explanation, ready for a person: money, factors and counts by their key. */
export function readable(part: Record<string, unknown>, format: Formatter): Record<string, string> {
  const shown: Record<string, string> = {}
  for (const [key, value] of Object.entries(part)) {
    if (typeof value !== 'number') shown[key] = value === null ? '–' : String(value)
    else if (key.endsWith('_minor') || key === 'per_minor') shown[key] = format.money(value)
    else if (key.endsWith('_bps') || key === 'bps') shown[key] = format.factor(value)
    else shown[key] = format.count(value)
  }
  return shown
}
