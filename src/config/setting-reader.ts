/** Reads single settings, and remembers what is wrong with them. */
import type { Setting } from './settings.ts'

export class SettingReader<Name extends string> {
  readonly texts: Readonly<Record<Name, string>>
  readonly mistakes: string[] = []
  readonly #settings: readonly Setting[]

  constructor(texts: Readonly<Record<Name, string>>, settings: readonly Setting[]) {
    this.texts = texts
    this.#settings = settings
  }

  mistake = (name: Name, expected: string): void => {
    const setting = this.#settings.find(candidate => candidate.name === name)
    const where = setting?.kind === undefined ? `--${name}` : setting.variables[0]
    const text = this.texts[name].replace(/\/\/[^/]*@/, '//…@') // an address may have a password in it
    const got = setting?.kind === 'secret' ? '' : `; got '${text}'`
    this.mistakes.push(`${where}: expected ${expected}${got}`)
  }

  isOn = (name: Name): boolean => {
    const text = this.texts[name].toLowerCase()
    const isTrue = ['true', '1', 'yes', 'on'].includes(text)
    if (!isTrue && !['', 'false', '0', 'no', 'off'].includes(text)) this.mistake(name, 'true or false')
    return isTrue
  }

  integer = (name: Name, range: { from: number; to: number }): number => {
    const text = this.texts[name]
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (value >= range.from && value <= range.to) return value
    this.mistake(name, `a whole number from ${range.from} to ${range.to}`)
    return range.from
  }

  oneOf = <Choice extends string>(name: Name, choices: readonly [Choice, ...Choice[]]): Choice => {
    const choice = choices.find(candidate => candidate === this.texts[name].toLowerCase())
    if (choice === undefined) this.mistake(name, `one of ${choices.join(', ')}`)
    return choice ?? choices[0]
  }

  /** Null where it is empty, or no JSON; which is told. */
  json = (name: Name, expected: string): unknown => {
    if (this.texts[name] === '') return null
    try {
      return JSON.parse(this.texts[name])
    } catch {
      this.mistake(name, expected)
      return null
    }
  }
}
