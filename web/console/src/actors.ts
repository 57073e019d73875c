/** Who did something, as staff know them: "staff:li" is li, "key:2:sk_live_ab" its prefix. */
export function actorName(actor: string | null | undefined): string {
  return (actor ?? '').replace(/^staff:|^key:\d+:/, '')
}
