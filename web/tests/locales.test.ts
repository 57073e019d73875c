import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { baseCompile } from '@intlify/message-compiler'
import { chooseLocale, LOCALES, matchLocale } from '@shared/i18n/locales'
import { describe, expect, it } from 'vitest'

const WEB = join(import.meta.dirname, '..')
type Tree = { [key: string]: string | Tree }

function flat(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string'
      ? [[path + key, value] as [string, string]]
      : flat(value, `${path}${key}.`),
  )
}

function stringsIn(folder: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    for (const [key, value] of flat(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Tree)) {
      expect(found.has(key), `${key} stands twice`).toBe(false)
      found.set(key, value)
    }
  }
  return found
}

/** Merging is shallow: a first name in two files would hide one of them. */
function firstNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((file) => Object.keys(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Tree))
}

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return name === 'locales' ? [] : sources(path)
    return /\.(vue|ts)$/.test(name) ? [readFileSync(path, 'utf8')] : []
  })
}

const APPS = ['console', 'member'] as const
const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort().join()

describe.each(APPS)('strings of the %s app', (app) => {
  const shared = (locale: string) => join(WEB, 'shared/src/locales', locale)
  const own = (locale: string) => join(WEB, app, 'src/locales', locale)
  const all = new Map(
    LOCALES.map((locale) => [
      locale,
      new Map([...stringsIn(shared(locale)), ...stringsIn(own(locale))]),
    ]),
  )
  const english = all.get('en') as Map<string, string>
  const text = [...sources(join(WEB, app, 'src')), ...sources(join(WEB, 'shared/src'))].join('\n')
  const literal = new Set(
    [...text.matchAll(/\bte?\(\s*'([\w.]+)'/g)].map((match) => match[1] as string),
  )
  const prefixes = [...text.matchAll(/\bte?\(\s*`([\w.]+?)\$\{/g)].map(
    (match) => match[1] as string,
  )

  it.each(LOCALES)('%s has every key, none empty, with the same placeholders', (locale) => {
    const strings = all.get(locale) as Map<string, string>
    expect([...strings.keys()].sort()).toEqual([...english.keys()].sort())
    for (const [key, value] of strings) {
      expect(value.trim(), key).not.toBe('')
      expect(placeholders(value), key).toBe(placeholders(english.get(key) as string))
      baseCompile(value, {
        onError: (error) => expect.fail(`${key}: ${error.message}`),
      })
    }
  })

  it.each(LOCALES)('%s names each group in one file', (locale) => {
    const names = [...firstNames(shared(locale)), ...firstNames(own(locale))]
    expect(names.length).toBe(new Set(names).size)
  })

  it('uses no string that does not exist', () => {
    expect([...literal].filter((key) => !english.has(key))).toEqual([])
    const keys = [...english.keys()]
    expect(prefixes.filter((prefix) => !keys.some((key) => key.startsWith(prefix)))).toEqual([])
  })

  it('keeps no string that nothing uses', () => {
    const built = [
      ...[...text.matchAll(/`(\w+(?:\.\w+)*\.\w*)\$\{/g)].map((match) => match[1] as string),
      ...[...text.matchAll(/\bword\(\s*'(\w+)'/g)].map((match) => `${match[1]}.`),
    ]
    const unused = [...english.keys()].filter(
      (key) => !literal.has(key) && !built.some((prefix) => key.startsWith(prefix)),
    )
    expect(unused).toEqual([])
  })

  it('has Chinese of its own in both scripts', () => {
    const [hans, hant] = [all.get('zh-hans'), all.get('zh-hant')] as Map<string, string>[]
    const differing = [...english.keys()].filter((key) => hans?.get(key) !== hant?.get(key))
    expect(differing.length).toBeGreaterThan(english.size / 3)
    for (const [key, value] of hant ?? []) expect(value, key).not.toMatch(/[这时员积额为种实单过]/)
  })
})

describe('choosing a language', () => {
  it('keeps what was chosen', () => {
    expect(chooseLocale('zh-hant', ['en'])).toBe('zh-hant')
    expect(chooseLocale('klingon', ['fr', 'zh-TW'])).toBe('zh-hant')
    expect(chooseLocale(null, ['fr'])).toBe('en')
  })

  it('knows the scripts by region', () => {
    expect(matchLocale('zh-Hant-HK')).toBe('zh-hant')
    expect(matchLocale('zh-MO')).toBe('zh-hant')
    expect(matchLocale('zh')).toBe('zh-hans')
    expect(matchLocale('zh-CN')).toBe('zh-hans')
    expect(matchLocale('en-GB')).toBe('en')
    expect(matchLocale('de')).toBeNull()
  })
})
