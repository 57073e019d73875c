/** One field the server did not accept. */
export interface FieldProblem {
  /** JSON Pointer into the body sent. */
  pointer: string
  code: string
  detail?: string
}

/** An answer that is no success (RFC 9457), or no answer at all (code `network`). */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly errors: FieldProblem[]

  constructor(status: number, code: string, detail: string, errors: FieldProblem[] = []) {
    super(detail || code)
    this.name = 'Problem'
    this.status = status
    this.code = code
    this.detail = detail
    this.errors = errors
  }

  /** What the server said of one field, or undefined. */
  field(pointer: string): FieldProblem | undefined {
    return this.errors.find((error) => error.pointer === pointer)
  }
}

export function asProblem(reason: unknown): Problem {
  if (reason instanceof Problem) return reason
  return new Problem(0, 'unexpected', reason instanceof Error ? reason.message : String(reason))
}

/** Reads an answer that is no success; a body that is no problem document gives code `http_NNN`. */
export async function readProblem(response: Response): Promise<Problem> {
  const fallback = `http_${response.status}`
  try {
    const body = (await response.json()) as Record<string, unknown>
    const text = (key: string) => (typeof body[key] === 'string' ? (body[key] as string) : '')
    return new Problem(
      response.status,
      text('code') || fallback,
      text('detail') || text('title'),
      Array.isArray(body.errors) ? (body.errors as FieldProblem[]) : [],
    )
  } catch {
    return new Problem(response.status, fallback, '')
  }
}
