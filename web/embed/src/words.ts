/** What the element says, in the languages the pages speak. */
export interface Words {
  member: string
  join: (saving: string) => string
  points: (points: string) => string
}

const EN: Words = {
  member: 'Members',
  join: (saving) => `Join and save ${saving}`,
  points: (points) => `earns ${points} points`,
}
const HANS: Words = {
  member: '会员价',
  join: (saving) => `入会立省 ${saving}`,
  points: (points) => `得 ${points} 积分`,
}
const HANT: Words = {
  member: '會員價',
  join: (saving) => `入會立省 ${saving}`,
  points: (points) => `得 ${points} 積分`,
}

/** The words for a language tag; English where it is none of ours. */
export function wordsFor(tag: string): Words {
  if (/^zh(-.*)?-(hant|tw|hk|mo)\b/i.test(tag)) return HANT
  return /^zh\b/i.test(tag) ? HANS : EN
}
