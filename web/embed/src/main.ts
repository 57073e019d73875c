import { defineElement } from './element'
import { Prices } from './prices'

/** Where the script came from is where prices are asked for; its data attributes say the rest. */
const script = document.currentScript as HTMLScriptElement | null
const said = script?.dataset ?? {}

function joinLink(address: string | undefined): string | null {
  if (!address) return null
  const url = new URL(address, document.baseURI)
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null
}

if (!said.key?.startsWith('pk_')) {
  console.error('regulars: data-key must be a publishable key (pk_...).')
} else if (!customElements.get('regulars-member-price')) {
  const prices = new Prices({
    api: said.api ?? new URL(script?.src ?? '', document.baseURI).origin,
    key: said.key,
    channel: said.channel ?? null,
    store: said.store ?? null,
  })
  defineElement(prices, { currency: said.currency ?? 'USD', join: joinLink(said.join) })
}
