import { canonical, type Json } from './canonical'

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const
const ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const

/** The form of what is signed. */
export const VERSION = 1

/** Browsers sign only where pages come safely: over https, or from this very machine. */
export function canSign(): boolean {
  return typeof crypto !== 'undefined' && crypto.subtle !== undefined && 'indexedDB' in globalThis
}

/** A key pair whose private half no code can read out, this page's neither. */
export function makeKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(CURVE, false, ['sign', 'verify'])
}

/** SubjectPublicKeyInfo in base64. */
export async function publicText(keys: CryptoKeyPair): Promise<string> {
  return base64(await crypto.subtle.exportKey('spki', keys.publicKey))
}

/** The signature of the canonical JSON of what is given: r and s in base64. */
export async function signed(keys: CryptoKeyPair, content: Json): Promise<string> {
  const text = new TextEncoder().encode(canonical(content))
  return base64(await crypto.subtle.sign(ALGORITHM, keys.privateKey, text))
}

function base64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
}
