/** Who did something, as staff know them: "staff:li" is li; a key or a template keeps its kind. */
export function actorName(actor: string | null | undefined): string {
  return (actor ?? '').replace(/^staff:/, '')
}
