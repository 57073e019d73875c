import { asProblem, type Problem } from '@shared/api/problem'
import { computed, onBeforeUnmount, onMounted, ref, shallowRef } from 'vue'
import { api } from '../api/client'
import type { TillChanged, TillRow } from '../api/tills'
import type { Json } from './canonical'
import { afterVerdict, nextBatch, type Sent } from './outbox'
import { canSign, makeKeys, publicText, signed, VERSION } from './signing'
import { type Device, idOf, type Kept, NumberTaken, TillStore } from './store'

const TICK_MS = 10_000
const TRIES = 5
const ENDED = new Set(['till_revoked', 'not_found'])

/** This browser as a till: it signs and keeps what it sells without a line, and sends it in order. */
export function useOfflineTill(merchant: string, now: () => string) {
  const store = new TillStore(merchant)
  const able = canSign()
  const device = shallowRef<Device | null>(null)
  const kept = shallowRef<Kept[]>([])
  const ready = ref(!able)
  const down = ref(!navigator.onLine)
  const sending = ref(false)
  const ended = ref(false)
  const sent = ref(0)
  /** Why what waits was not sent, where it is not the line. */
  const problem = shallowRef<Problem | null>(null)
  const waiting = computed(() => kept.value.filter((one) => !one.trouble))
  const troubles = computed(() => kept.value.filter((one) => one.trouble))
  let timer: ReturnType<typeof setInterval> | undefined

  async function read(): Promise<void> {
    if (!able) return
    device.value = await store.device()
    kept.value = await store.kept()
    ready.value = true
  }

  /** Some request had no answer: the line is gone until something answers again. */
  function lost(): void {
    down.value = true
  }

  async function look(): Promise<void> {
    if (down.value && navigator.onLine) await back()
    if (!down.value) await flush()
  }

  async function back(): Promise<void> {
    try {
      await api.get('/session')
      down.value = false
      await check()
    } catch (reason) {
      down.value = asProblem(reason).code === 'network'
    }
  }

  /** Asks whether this till still counts, and goes on above what the server has seen of it. */
  async function check(): Promise<void> {
    const own = device.value
    if (!own || down.value) return
    try {
      const till = await api.get<TillRow>(`/tills/${own.till}`)
      ended.value = till.status === 'revoked'
      await store.skipTo(own.till, till.seen_number + 1)
      device.value = await store.device()
    } catch (reason) {
      const found = asProblem(reason)
      if (found.code === 'network') lost()
      else ended.value = ENDED.has(found.code)
    }
  }

  async function register(code: string): Promise<void> {
    const keys = await makeKeys()
    const public_key = await publicText(keys)
    const proof = await signed(keys, { version: VERSION, code, public_key })
    const till = await api.write<TillChanged>('POST', '/tills/register', { code, public_key, proof })
    const { id, name, store: place, seen_number } = till
    await store.keepDevice({ till: id, name, store: place, keys, next: seen_number + 1 })
    ended.value = false
    await read()
    void navigator.storage?.persist?.()
  }

  /** Signs a sale under the next number and keeps it; the number. ``instead`` it replaces. */
  async function sell(body: { [key: string]: Json }, instead?: string): Promise<number> {
    for (let left = TRIES; ; left -= 1) {
      const own = await store.device()
      if (!own) throw new Error('no till')
      const content = {
        version: VERSION,
        till: own.till,
        number: own.next,
        made_at: now(),
        kind: 'order' as const,
        body,
      }
      try {
        const signature = await signed(own.keys, content)
        await store.add({ ...content, signature }, instead)
        await read()
        return own.next
      } catch (reason) {
        if (!(reason instanceof NumberTaken) || left === 0) throw reason
      }
    }
  }

  async function sendSome(own: Device): Promise<boolean> {
    const batch = nextBatch(kept.value, own.till)
    if (batch.length === 0) return false
    const answer = await api.write<Sent>('POST', `/tills/${own.till}/envelopes`, {
      envelopes: batch,
    })
    let moved = false
    for (const verdict of answer.verdicts) {
      const envelope = batch[verdict.index]
      if (!envelope) continue
      const after = afterVerdict(envelope, verdict)
      if ('forget' in after) {
        await store.remove(idOf(envelope))
        sent.value += 1
      } else if ('trouble' in after) {
        await store.put({ id: idOf(envelope), envelope, trouble: after.trouble })
        ended.value ||= ENDED.has(after.trouble.code)
      } else continue
      moved = true
    }
    kept.value = await store.kept()
    return moved
  }

  /** Sends what waits, lowest numbers first, as long as anything of it is settled. */
  async function flush(): Promise<void> {
    const own = device.value
    if (!own || sending.value || down.value || waiting.value.length === 0) return
    sending.value = true
    try {
      while (await sendSome(own)) problem.value = null
    } catch (reason) {
      const found = asProblem(reason)
      if (found.code === 'network') lost()
      else problem.value = found
    }
    sending.value = false
  }

  /** A person has dealt with it. */
  async function dismiss(id: string): Promise<void> {
    await store.remove(id)
    await read()
  }

  /** Signs what is in no books anew, as it was or corrected, under this till's next number. */
  async function again(one: Kept, body = one.envelope.body): Promise<void> {
    await sell(body, one.id)
    await flush()
  }

  async function up(): Promise<void> {
    await back()
    await flush()
  }

  onMounted(async () => {
    window.addEventListener('offline', lost)
    window.addEventListener('online', up)
    timer = setInterval(() => void look(), TICK_MS)
    await read()
    await check()
    await flush()
  })
  onBeforeUnmount(() => {
    clearInterval(timer)
    window.removeEventListener('offline', lost)
    window.removeEventListener('online', up)
  })

  return {
    able, ready, device, down, ended, sending, sent, waiting, troubles, problem,
    lost, register, sell, flush, dismiss, again,
  }
}
