import type { Json } from './canonical'

/** This browser as a till: who it is, what it signs with, and the number that comes next. */
export interface Device {
  till: string
  name: string
  store: string
  keys: CryptoKeyPair
  next: number
}

export interface Envelope {
  version: number
  till: string
  number: number
  made_at: string
  kind: 'order' | 'refund'
  body: { [key: string]: Json }
  signature: string
}

/** What is kept of an envelope until it is settled, or a person has dealt with it. */
export interface Kept {
  /** Of the till and the number: a browser may have been several tills. */
  id: string
  envelope: Envelope
  /** Absent while it is to be sent. */
  trouble?: { status: 'refused' | 'rejected'; code: string; detail: string }
}

const DEVICE = 'device'
const QUEUE = 'queue'
const ONE = 'this'

export function idOf(envelope: Envelope): string {
  return `${envelope.till}:${String(envelope.number).padStart(16, '0')}`
}

/** Another tab was faster: the number is taken. */
export class NumberTaken extends Error {}

/** What this browser keeps of one merchant's till; it outlasts the page, the tab and the power. */
export class TillStore {
  private opened: Promise<IDBDatabase> | null = null
  private readonly name: string

  constructor(merchant: string) {
    this.name = `regulars-till-${merchant}`
  }

  async device(): Promise<Device | null> {
    const store = (await this.database()).transaction(DEVICE).objectStore(DEVICE)
    return ((await answered(store.get(ONE))) as Device | undefined) ?? null
  }

  async keepDevice(device: Device): Promise<void> {
    const change = (await this.database()).transaction(DEVICE, 'readwrite')
    change.objectStore(DEVICE).put(device, ONE)
    await done(change)
  }

  /** Goes on above what the server has seen, where this browser was restored from before. */
  async skipTo(till: string, next: number): Promise<void> {
    const change = (await this.database()).transaction(DEVICE, 'readwrite')
    const store = change.objectStore(DEVICE)
    const device = (await answered(store.get(ONE))) as Device | undefined
    if (device && device.till === till && device.next < next) store.put({ ...device, next }, ONE)
    await done(change)
  }

  /**
   * Keeps an envelope and uses its number up, both or neither; ``instead`` is one that it stands
   * for from now on. Throws NumberTaken.
   */
  async add(envelope: Envelope, instead?: string): Promise<void> {
    const change = (await this.database()).transaction([DEVICE, QUEUE], 'readwrite', {
      durability: 'strict',
    })
    const devices = change.objectStore(DEVICE)
    const device = (await answered(devices.get(ONE))) as Device | undefined
    if (!device || device.till !== envelope.till || device.next !== envelope.number) {
      change.abort()
      throw new NumberTaken()
    }
    devices.put({ ...device, next: envelope.number + 1 }, ONE)
    const queue = change.objectStore(QUEUE)
    queue.add({ id: idOf(envelope), envelope } satisfies Kept)
    if (instead !== undefined) queue.delete(instead)
    await done(change)
  }

  /** Everything that is not settled or dealt with, by till and number. */
  async kept(): Promise<Kept[]> {
    const store = (await this.database()).transaction(QUEUE).objectStore(QUEUE)
    return (await answered(store.getAll())) as Kept[]
  }

  async put(kept: Kept): Promise<void> {
    const change = (await this.database()).transaction(QUEUE, 'readwrite')
    change.objectStore(QUEUE).put(kept)
    await done(change)
  }

  async remove(id: string): Promise<void> {
    const change = (await this.database()).transaction(QUEUE, 'readwrite')
    change.objectStore(QUEUE).delete(id)
    await done(change)
  }

  private database(): Promise<IDBDatabase> {
    this.opened ??= new Promise((resolve, reject) => {
      const asked = indexedDB.open(this.name, 1)
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore(DEVICE)
        asked.result.createObjectStore(QUEUE, { keyPath: 'id' })
      }
      asked.onsuccess = () => resolve(asked.result)
      asked.onerror = () => reject(asked.error ?? new Error('storage'))
    })
    return this.opened
  }
}

function answered<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result)
    asked.onerror = () => reject(asked.error ?? new Error('storage'))
  })
}

function done(change: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    change.oncomplete = () => resolve()
    change.onerror = () => reject(change.error ?? new Error('storage'))
    change.onabort = () => reject(change.error ?? new Error('storage'))
  })
}
