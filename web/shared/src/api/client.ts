import { Attempts, describeBody } from './attempts'
import { Problem, readProblem } from './problem'

export type Query = Record<string, string | number | boolean | null | undefined>
export type Method = 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface ClientOptions {
  base: string
  /** The language answers should be in. */
  language: () => string
  /** Headers that say who asks. */
  identity: (writing: boolean) => Record<string, string>
  onSignedOut?: () => void
  fetch?: typeof fetch
  attempts?: Attempts
  pause?: (milliseconds: number) => Promise<void>
}

const RETRIES = 2
const RETRY_PAUSE_MS = 600

/** 409 without a Retry-After is a verdict; these are not, so the same attempt may be sent again. */
function undecided(response: Response): boolean {
  if (response.status === 409) return response.headers.has('Retry-After')
  return response.status === 429 || response.status >= 500
}

export function withQuery(path: string, query: Query = {}): string {
  const wanted = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') wanted.set(name, String(value))
  }
  const text = wanted.toString()
  return text ? `${path}?${text}` : path
}

export function makeClient(options: ClientOptions) {
  const send = options.fetch ?? ((input, init) => fetch(input, init))
  const attempts = options.attempts ?? new Attempts()
  const pause =
    options.pause ?? ((milliseconds) => new Promise((done) => setTimeout(done, milliseconds)))

  async function once(path: string, init: RequestInit): Promise<Response> {
    try {
      return await send(options.base + path, init)
    } catch (reason) {
      if (reason instanceof DOMException && reason.name === 'AbortError') throw reason
      throw new Problem(0, 'network', '')
    }
  }

  async function persistently(path: string, init: RequestInit): Promise<Response> {
    for (let left = RETRIES; ; left -= 1) {
      try {
        const response = await once(path, init)
        const busy = response.status === 409 || response.status === 429
        if (left === 0 || !busy || !undecided(response)) return response
      } catch (reason) {
        if (left === 0 || !(reason instanceof Problem)) throw reason
      }
      await pause(RETRY_PAUSE_MS * (RETRIES - left + 1))
    }
  }

  async function answer<T>(response: Response): Promise<T> {
    if (response.ok) {
      const text = await response.text()
      return (text ? JSON.parse(text) : null) as T
    }
    const problem = await readProblem(response)
    if (response.status === 401) options.onSignedOut?.()
    throw problem
  }

  return {
    url: (path: string, query?: Query) => options.base + withQuery(path, query),

    async get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
      const response = await persistently(withQuery(path, query), {
        headers: {
          Accept: 'application/json',
          'Accept-Language': options.language(),
          ...options.identity(false),
        },
        credentials: 'same-origin',
        signal: signal ?? null,
      })
      return answer<T>(response)
    },

    async write<T>(method: Method, path: string, body?: unknown): Promise<T> {
      const attempt = `${method} ${path} ${describeBody(body)}`
      const form = body instanceof FormData
      const response = await persistently(path, {
        method,
        headers: {
          Accept: 'application/json',
          'Accept-Language': options.language(),
          'Idempotency-Key': attempts.keyFor(attempt),
          ...(form || body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...options.identity(true),
        },
        credentials: 'same-origin',
        body: form ? body : body === undefined ? null : JSON.stringify(body),
      })
      if (!undecided(response)) attempts.answered(attempt)
      return answer<T>(response)
    },
  }
}

export type Client = ReturnType<typeof makeClient>

/** A cookie's value; Django keeps the CSRF token in one. */
export function readCookie(name: string, cookies: string): string {
  for (const pair of cookies.split(';')) {
    const [key, ...rest] = pair.trim().split('=')
    if (key === name) return decodeURIComponent(rest.join('='))
  }
  return ''
}
