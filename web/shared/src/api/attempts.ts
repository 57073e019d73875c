/**
 * Idempotency keys by what is attempted. A write whose answer never came keeps its key, so that
 * pressing the button again repeats the attempt and not the effect; an answered one is forgotten.
 */
export class Attempts {
  private readonly keys = new Map<string, string>()

  constructor(private readonly makeKey: () => string = () => crypto.randomUUID()) {}

  keyFor(attempt: string): string {
    const kept = this.keys.get(attempt)
    if (kept) return kept
    const made = this.makeKey()
    this.keys.set(attempt, made)
    return made
  }

  answered(attempt: string): void {
    this.keys.delete(attempt)
  }
}

/** What a body is, for telling attempts apart. A file counts by its name, size and date. */
export function describeBody(body: unknown): string {
  if (!(body instanceof FormData)) return JSON.stringify(body ?? null)
  const parts: string[] = []
  body.forEach((value, name) => {
    parts.push(
      typeof value === 'string'
        ? `${name}=${value}`
        : `${name}=${value.name}:${value.size}:${value.lastModified}`,
    )
  })
  return parts.join('&')
}
