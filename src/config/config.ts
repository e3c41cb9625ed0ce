/** Checks the settings as a whole and gives them types. All mistakes are found before one is reported. */
import { resolve } from 'node:path'
import { isLoopbackHost } from '../domain/loopback.ts'
import type { FormLimits } from '../http/form/form.ts'
import type { SettingName, SettingTexts } from './settings.ts'

export interface Config {
  readonly mode: { readonly kind: 'stand-alone'; readonly onLoopback: boolean }
  readonly listen: { readonly host: string; readonly port: number }
  /** Begins and ends with a slash. */
  readonly prefix: string
  readonly database: { readonly kind: 'sqlite'; readonly path: string; readonly upgrade: boolean }
  readonly storage: { readonly kind: 'disk'; readonly folder: string }
  readonly admins: readonly string[]
  readonly limits: FormLimits
  /** Null: for good. */
  readonly retentionDays: number | null
  readonly debug: boolean
  readonly testData: boolean
  readonly logLevel: string
}

interface Mistake {
  readonly setting: SettingName
  readonly expected: string
  readonly got: string
}

export class ConfigMistakes extends Error {
  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.name = 'ConfigMistakes'
  }
}

const maxArgumentBytes = 16 * 1024 * 1024

/** `usage`: what could not be read at all, to be reported with the rest. @throws ConfigMistakes */
export function checkSettings(texts: SettingTexts, usage: readonly string[] = []): Config {
  const mistakes: Mistake[] = []
  const mistake = (setting: SettingName, expected: string) => {
    mistakes.push({ setting, expected, got: texts[setting] })
  }
  const isOn = (setting: SettingName): boolean => {
    const text = texts[setting].toLowerCase()
    const isTrue = ['true', '1', 'yes', 'on'].includes(text)
    if (!isTrue && !['', 'false', '0', 'no', 'off'].includes(text)) mistake(setting, 'true or false')
    return isTrue
  }
  const integer = (setting: SettingName, range: { from: number; to: number }): number => {
    const value = /^\d+$/.test(texts[setting]) ? Number(texts[setting]) : Number.NaN
    if (value >= range.from && value <= range.to) return value
    mistake(setting, `a whole number from ${range.from} to ${range.to}`)
    return range.from
  }

  if (!isOn('vngshare')) {
    mistake(
      'vngshare',
      'true: this version has the stand-alone mode only; as a service of JupyterHub it comes later',
    )
  }
  const host = texts.host
  if (host === '') mistake('host', 'an address')
  const onLoopback = isLoopbackHost(host)
  if (!isOn('trust-network') && !onLoopback) {
    mistake(
      'host',
      'a loopback address such as 127.0.0.1 (or --trust-network beside it), since stand-alone mode believes everyone',
    )
  }
  const prefix = texts.prefix
  if (!/^\/([^?#\s]*\/)?$/.test(prefix)) mistake('prefix', 'a path that begins and ends with /')
  if (prefix.startsWith('/healthz/')) mistake('prefix', 'a path that does not begin with /healthz/')
  const path = sqlitePath(texts.database)
  if (path === null) mistake('database', 'sqlite:////absolute/path.db or sqlite:///relative/path.db')
  if (texts.storage === '') mistake('storage', 'a folder')
  if (!['debug', 'info', 'warn', 'error'].includes(texts['log-level']))
    mistake('log-level', 'debug, info, warn or error')
  const retentionDays = integer('retention-days', { from: 0, to: 36_500 })
  const config: Config = {
    mode: { kind: 'stand-alone', onLoopback },
    listen: { host, port: integer('port', { from: 0, to: 65_535 }) },
    prefix,
    database: { kind: 'sqlite', path: resolve(path ?? ''), upgrade: !isOn('no-upgrade-db') },
    storage: { kind: 'disk', folder: resolve(texts.storage) },
    admins: texts.admins
      .split(',')
      .map(name => name.trim())
      .filter(name => name !== ''),
    limits: {
      maxBodyBytes: integer('max-body-bytes', { from: 1024, to: Number.MAX_SAFE_INTEGER }),
      maxFileBytes: integer('max-file-bytes', { from: 1, to: Number.MAX_SAFE_INTEGER }),
      maxFiles: integer('max-files', { from: 1, to: 1_000_000 }),
      maxArgumentBytes,
    },
    retentionDays: retentionDays === 0 ? null : retentionDays,
    debug: isOn('debug'),
    testData: isOn('test-data'),
    logLevel: texts['log-level'],
  }
  if (mistakes.length + usage.length > 0) throw new ConfigMistakes([...usage, ...mistakes.map(wordMistake)])
  return config
}

/** The file of a URL as SQLAlchemy writes it: three slashes, then the path. Null for anything else. */
function sqlitePath(url: string): string | null {
  const path = /^sqlite:\/\/\/([^?#]+)$/.exec(url)?.[1]
  return path === undefined || path === ':memory:' ? null : path
}

function wordMistake({ setting, expected, got }: Mistake): string {
  return `--${setting}: expected ${expected}; got '${got}'`
}
