/** The settings as tables: options, and what is a variable only. */
import { type Setting, settings } from '../../src/config/settings.ts'
import { code, markdownTable } from './markdown.ts'

export function settingsTable(): string {
  return markdownTable(
    ['option', 'variable', 'default', 'meaning'],
    settings
      .filter(isOption)
      .map(setting => [
        optionOf(setting),
        setting.variables.map(code).join(' or '),
        defaultOf(setting),
        setting.meaning,
      ]),
  )
}

export function variablesTable(): string {
  return markdownTable(
    ['variable', 'default', 'meaning'],
    settings
      .filter(setting => !isOption(setting))
      .map(setting => [setting.variables.map(code).join(' or '), variableDefault(setting), setting.meaning]),
  )
}

/** The others come from the hub, or are secret. */
export function isOption(setting: Setting): boolean {
  return setting.kind === undefined
}

function variableDefault({ fallback }: Setting): string {
  return fallback ? code(fallback) : 'none'
}

function optionOf({ name, value }: Setting): string {
  return code(value === undefined ? `--${name}` : `--${name} ${value}`)
}

function defaultOf({ value, fallback }: Setting): string {
  if (value === undefined) return 'off'
  return fallback ? code(fallback) : 'none'
}
