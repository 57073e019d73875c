type Say = (key: string, named: Record<string, string>) => string

/**
 * Who did something, as staff know them: "staff:li" is li, "key:2:sk_live_ab" its prefix; whoever
 * is no person of the shop is said in words.
 */
export function actorName(actor: string | null | undefined, t: Say): string {
  const who = actor ?? ''
  if (/^operator(:|$)/.test(who)) return t('actor.operator', {})
  if (who.startsWith('member:')) return t('actor.member', {})
  if (who.startsWith('template:')) return t('actor.template', { name: who.slice(9) })
  return who.replace(/^staff:|^key:\d+:/, '')
}
