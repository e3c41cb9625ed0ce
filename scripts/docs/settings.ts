/** The settings as a table. */
import { type Setting, settings } from '../../src/config/settings.ts'
import { code, markdownTable } from './markdown.ts'

export function settingsTable(): string {
  return markdownTable(
    ['option', 'variable', 'default', 'meaning'],
    settings.map(setting => [
      optionOf(setting),
      setting.variables.map(code).join(' or '),
      defaultOf(setting),
      setting.meaning,
    ]),
  )
}

function optionOf({ name, value }: Setting): string {
  return code(value === undefined ? `--${name}` : `--${name} ${value}`)
}

function defaultOf({ value, fallback }: Setting): string {
  if (value === undefined) return 'off'
  return fallback ? code(fallback) : 'none'
}
