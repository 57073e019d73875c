import { Attempts, describeBody } from '@shared/api/attempts'
import { makeClient, readCookie, withQuery } from '@shared/api/client'
import { Problem } from '@shared/api/problem'
import { describe, expect, it, vi } from 'vitest'

type Answer = Response | Error

function clientOf(answers: Answer[]) {
  const calls: { path: string; headers: Record<string, string> }[] = []
  let made = 0
  const signedOut = vi.fn()
  const client = makeClient({
    base: '/api',
    language: () => 'en',
    identity: () => ({}),
    onSignedOut: signedOut,
    attempts: new Attempts(() => `key-${++made}`),
    pause: async () => undefined,
    fetch: async (path, init) => {
      calls.push({
        path: String(path),
        headers: init?.headers as Record<string, string>,
      })
      const next = answers.shift()
      if (next instanceof Error || next === undefined)
        throw next ?? new TypeError('no more answers')
      return next
    },
  })
  return {
    client,
    calls,
    signedOut,
    keys: () => calls.map((call) => call.headers['Idempotency-Key']),
  }
}

const ok = () => new Response('{"done":true}', { status: 200 })
const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify({ code, status, detail: 'why' }), {
    status,
    headers,
  })

describe('idempotency keys', () => {
  it('repeats a lost attempt with the same key', async () => {
    const { client, keys } = clientOf([new TypeError('lost'), ok()])
    await client.write('POST', '/x', { a: 1 })
    expect(keys()).toEqual(['key-1', 'key-1'])
  })

  it('keeps the key when the person presses again after a failure without an answer', async () => {
    const { client, keys } = clientOf([problem(503, 'down'), ok(), ok()])
    await expect(client.write('POST', '/x', { a: 1 })).rejects.toMatchObject({
      code: 'down',
    })
    await client.write('POST', '/x', { a: 1 })
    await client.write('POST', '/x', { a: 1 })
    expect(keys()).toEqual(['key-1', 'key-1', 'key-2'])
  })

  it('takes a new key for other content, and after a verdict', async () => {
    const { client, keys } = clientOf([problem(409, 'insufficient_points'), ok(), ok()])
    await expect(client.write('POST', '/x', { a: -9 })).rejects.toBeInstanceOf(Problem)
    await client.write('POST', '/x', { a: -9 })
    await client.write('POST', '/x', { a: -8 })
    expect(keys()).toEqual(['key-1', 'key-2', 'key-3'])
  })

  it('waits for an attempt that still runs', async () => {
    const { client, keys } = clientOf([problem(409, 'running', { 'Retry-After': '1' }), ok()])
    await client.write('POST', '/x', {})
    expect(keys()).toEqual(['key-1', 'key-1'])
  })

  it('tells files apart by name, size and date', () => {
    const form = (text: string) => {
      const made = new FormData()
      made.set('file', new File([text], 'a.csv', { lastModified: 5 }))
      return describeBody(made)
    }
    expect(form('same')).toBe(form('size'))
    expect(form('same')).not.toBe(form('longer'))
  })
})

describe('answers', () => {
  it('raises a problem document with its fields', async () => {
    const body = {
      code: 'invalid',
      detail: 'no',
      errors: [{ pointer: '/name', code: 'required' }],
    }
    const { client } = clientOf([new Response(JSON.stringify(body), { status: 422 })])
    const raised = await client.get('/x').catch((reason: unknown) => reason)
    expect(raised).toMatchObject({ status: 422, code: 'invalid' })
    expect((raised as Problem).field('/name')?.code).toBe('required')
  })

  it('names a body that is no problem document by its status', async () => {
    const { client } = clientOf([new Response('<html>', { status: 502 })])
    await expect(client.get('/x')).rejects.toMatchObject({ code: 'http_502' })
  })

  it('tells when the session is over, and when nothing answers', async () => {
    const { client, signedOut } = clientOf([problem(401, 'unauthenticated')])
    await expect(client.get('/x')).rejects.toMatchObject({ status: 401 })
    expect(signedOut).toHaveBeenCalledOnce()
    const dead = clientOf([new TypeError(), new TypeError(), new TypeError()])
    await expect(dead.client.get('/x')).rejects.toMatchObject({
      code: 'network',
    })
  })

  it('takes an empty answer', async () => {
    const { client } = clientOf([new Response(null, { status: 204 })])
    expect(await client.write('DELETE', '/session')).toBeNull()
  })
})

describe('addresses and cookies', () => {
  it('leaves out what is empty', () => {
    expect(withQuery('/m', { query: '', tier: null, limit: 5 })).toBe('/m?limit=5')
    expect(withQuery('/m', { query: '' })).toBe('/m')
  })

  it('reads one cookie', () => {
    expect(readCookie('csrftoken', 'a=1; csrftoken=x%3Dy; b=2')).toBe('x=y')
    expect(readCookie('token', 'csrftoken=1')).toBe('')
  })
})
