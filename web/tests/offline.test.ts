import { createHash, webcrypto } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { canonical } from '../console/src/offline/canonical'
import { afterVerdict, AT_ONCE, mayGoAgain, nextBatch } from '../console/src/offline/outbox'
import { makeKeys, publicText, signed } from '../console/src/offline/signing'
import type { Envelope, Kept } from '../console/src/offline/store'

function envelope(number: number, till = 'till_1'): Envelope {
  return {
    version: 1,
    till,
    number,
    made_at: '2026-03-10T12:00:00Z',
    kind: 'order',
    body: { paid: number },
    signature: 's',
  }
}

const kept = (number: number, trouble?: Kept['trouble'], till = 'till_1'): Kept => ({
  id: `${till}:${number}`,
  envelope: envelope(number, till),
  ...(trouble ? { trouble } : {}),
})

describe('what a till signs', () => {
  it('is the text of the documented vector', () => {
    const text = canonical({
      version: 1,
      till: 'till_0192d3a0000070008000000000000001',
      number: 7,
      made_at: '2026-03-10T09:10:04Z',
      kind: 'order',
      body: {
        external_id: 'T1-000007',
        identity: { type: 'phone', value: '+8613800000000' },
        channel: 'store',
        store: 'S1',
        placed_at: '2026-03-10T09:10:00Z',
        paid_at: '2026-03-10T09:10:00Z',
        lines: [{ sku: 'tea', quantity: 2, unit_price: 2500 }],
        paid: 5000,
      },
    })
    expect(createHash('sha256').update(text).digest('hex')).toBe(
      'ab7c55073c371a8fd3d8f29b0a614cc00c2d87f8472abc74355884fe09b2d906',
    )
  })

  it('sorts by UTF-16, escapes as JSON does, and knows no fractions', () => {
    expect(canonical({ '\ufb33': 1, '\ud83d\ude00': 2, a: null })).toBe(
      '{"a":null,"\ud83d\ude00":2,"\ufb33":1}',
    )
    expect(canonical('\u0007"é\u2028')).toBe('"\\u0007\\"é\u2028"')
    expect(canonical(-0)).toBe('0')
    expect(() => canonical(1.5)).toThrow()
    expect(() => canonical(2 ** 53)).toThrow()
  })

  it('is signed with a key that cannot be read out', async () => {
    const keys = await makeKeys()
    await expect(webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).rejects.toThrow()
    const text = new TextEncoder().encode(canonical({ a: 1 }))
    const raw = Uint8Array.from(atob(await signed(keys, { a: 1 })), (one) => one.charCodeAt(0))
    expect(raw.length).toBe(64)
    const good = await webcrypto.subtle.verify(
      { name: 'ECDSA', hash: 'SHA-256' },
      keys.publicKey,
      raw,
      text,
    )
    expect(good).toBe(true)
    expect((await publicText(keys)).length).toBe(124)
  })
})

describe('the queue', () => {
  it('sends the lowest numbers of this till that nobody has to look at', () => {
    const trouble = { status: 'refused', code: 'invalid', detail: '' } as const
    const all = [kept(3), kept(1), kept(2, trouble), kept(1, undefined, 'till_0')]
    expect(nextBatch(all, 'till_1').map((one) => one.number)).toEqual([1, 3])
    const many = Array.from({ length: 120 }, (_, at) => kept(120 - at))
    expect(nextBatch(many, 'till_1').map((one) => one.number)).toEqual(
      Array.from({ length: AT_ONCE }, (_, at) => at + 1),
    )
  })

  it('lets go of what was taken, keeps what waits, shows what was refused', () => {
    const verdict = { index: 0, number: 4, repeated: false }
    expect(afterVerdict(envelope(4), { ...verdict, status: 'taken' })).toEqual({ forget: true })
    expect(afterVerdict(envelope(4), { ...verdict, status: 'waits' })).toEqual({ keep: true })
    expect(
      afterVerdict(envelope(4), { ...verdict, status: 'refused', code: 'invalid', detail: 'x' }),
    ).toEqual({ trouble: { status: 'refused', code: 'invalid', detail: 'x' } })
    expect(
      afterVerdict(envelope(4), { ...verdict, number: 5, status: 'refused', code: 'x' }),
    ).toEqual({ keep: true })
  })

  it('numbers anew only what is certainly in no books', () => {
    const with_ = (code: string) => kept(1, { status: 'rejected', code, detail: '' })
    expect(mayGoAgain(with_('till_revoked'), 'till_2')).toBe(true)
    expect(mayGoAgain(with_('till_revoked'), undefined)).toBe(false)
    expect(mayGoAgain(with_('external_id_reused'), 'till_2')).toBe(false)
    expect(mayGoAgain(kept(1), 'till_2')).toBe(false)
  })
})
