import type { Price, Prices } from './prices'
import { wordsFor } from './words'

const STYLE = `
:host{display:inline-flex;flex-wrap:wrap;gap:.15em .6em;align-items:baseline;font-variant-numeric:tabular-nums}
:host([hidden]){display:none}
[part=price].beaten{opacity:.7;font-size:.9em}
[part=member-price]{font-weight:700}
[part=label]{font-weight:400;font-size:.85em}
[part=join],[part=points]{font-size:.85em}
`

export interface Shown {
  currency: string
  join: string | null
}

/** An amount of minor units as people of a language read it. */
export function money(minor: number, currency: string, tag: string): string {
  const format = new Intl.NumberFormat(tag, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
  })
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2
  return format.format(minor / 10 ** digits)
}

/** Whole minor units from an attribute, or null. */
export function minorOf(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null
}

/**
 * `<regulars-member-price sku unit-price>`: the price, what a member pays, and what joining saves.
 * Until the price is known, and where it cannot be, it shows what stands between its tags.
 */
export function defineElement(prices: Prices, shown: Shown): void {
  class MemberPrice extends HTMLElement {
    static readonly observedAttributes = ['sku', 'unit-price', 'lang']
    private turn = 0

    connectedCallback(): void {
      if (!this.shadowRoot) this.attachShadow({ mode: 'open' }).append(document.createElement('slot'))
      void this.show()
    }

    attributeChangedCallback(): void {
      if (this.isConnected) void this.show()
    }

    private async show(): Promise<void> {
      this.turn += 1
      const turn = this.turn
      const sku = this.getAttribute('sku')
      const unitPrice = minorOf(this.getAttribute('unit-price'))
      if (!sku || unitPrice === null) return
      try {
        const price = await prices.of(sku, unitPrice)
        if (turn === this.turn) this.draw(price)
      } catch (reason) {
        // The shop's own price stays; who looks at the console reads why.
        console.warn('regulars-member-price:', reason)
      }
    }

    private draw(price: Price): void {
      const tag = this.closest('[lang]')?.getAttribute('lang') || navigator.language
      const words = wordsFor(tag)
      const said = (minor: number) => money(minor, this.getAttribute('currency') ?? shown.currency, tag)
      const saving = price.now - price.member
      const style = document.createElement('style')
      style.textContent = STYLE
      const parts: HTMLElement[] = [style]
      if (price.strike !== null) parts.push(part('s', 'list-price', said(price.strike)))
      const now = part('span', 'price', said(price.now))
      parts.push(now)
      if (saving > 0) {
        now.classList.add('beaten')
        const member = part('span', 'member-price', '')
        member.append(part('span', 'label', words.member), ` ${said(price.member)}`)
        parts.push(member, this.join(words.join(said(saving))))
      }
      if (price.points > 0) {
        parts.push(part('span', 'points', words.points(new Intl.NumberFormat(tag).format(price.points))))
      }
      this.shadowRoot?.replaceChildren(...parts)
    }

    private join(text: string): HTMLElement {
      if (shown.join === null) return part('span', 'join', text)
      const link = part('a', 'join', text) as HTMLAnchorElement
      link.href = shown.join
      return link
    }
  }
  customElements.define('regulars-member-price', MemberPrice)
}

function part(tag: string, name: string, text: string): HTMLElement {
  const made = document.createElement(tag)
  made.setAttribute('part', name)
  made.textContent = text
  return made
}
