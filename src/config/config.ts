/** Checks the settings as a whole and gives them types. All mistakes are found before one is reported. */
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import type { HubOptions } from '../auth/hub/options.ts'
import { isLoopbackHost } from '../domain/loopback.ts'
import type { Quotas } from '../domain/quotas.ts'
import type { LoadLimits } from '../http/admission/admission.ts'
import type { FormLimits } from '../http/form/form.ts'
import { type DatabasePlace, readDatabasePlace } from './database-url.ts'
import { checkHubSettings } from './hub-settings.ts'
import { ConfigMistakes } from './mistakes.ts'
import { SettingReader } from './setting-reader.ts'
import { type SettingTexts, settings } from './settings.ts'
import { readStorageSetting, type StorageConfig } from './storage-setting.ts'
import { vserverSettings } from './vserver-settings.ts'

export interface Config {
  readonly mode:
    | { readonly kind: 'stand-alone'; readonly onLoopback: boolean }
    | { readonly kind: 'service'; readonly hub: HubOptions }
  readonly listen: { readonly host: string; readonly port: number }
  /** How many processes serve. */
  readonly workers: number
  readonly drain: Drain
  /** Begins and ends with a slash. */
  readonly prefix: string
  readonly database: DatabaseConfig
  readonly storage: StorageConfig
  readonly admins: readonly string[]
  readonly limits: FormLimits
  readonly quotas: Quotas
  readonly load: LoadSettings
  /** Null: for good. */
  readonly retentionDays: number | null
  readonly debug: boolean
  readonly testData: boolean
  readonly logLevel: string
}

/** What happens between being told to stop and stopping. */
export interface Drain {
  /** How long connections are still accepted. */
  readonly delayMs: number
  /** How long requests may take from then on. */
  readonly limitMs: number
}

/** The times and numbers are for PostgreSQL alone. */
export type DatabaseConfig = DatabasePlace & {
  readonly upgrade: boolean
  readonly poolSize: number
  readonly statementTimeoutMs: number
}

export interface LoadSettings extends LoadLimits {
  readonly maxConnections: number
}

const maxArgumentBytes = 16 * 1024 * 1024
const defaultStandAlonePort = 12_121

/** `usage`: what could not be read at all, to be reported with the rest. @throws ConfigMistakes */
export function checkSettings(texts: SettingTexts, usage: readonly string[] = []): Config {
  const reader = new SettingReader(texts, settings)
  const { mistake, isOn, integer } = reader
  const isStandAlone = isOn('vngshare')
  const host = texts.host || (isStandAlone ? '127.0.0.1' : '0.0.0.0')
  const onLoopback = isLoopbackHost(host)
  const trustsNetwork = isOn('trust-network')
  if (isStandAlone && !trustsNetwork && !onLoopback) {
    mistake(
      'host',
      'a loopback address such as 127.0.0.1 (or --trust-network beside it), since stand-alone mode believes everyone',
    )
  }
  const prefix = texts.prefix
  if (!/^\/([^?#\s]*\/)?$/.test(prefix)) mistake('prefix', 'a path that begins and ends with /')
  if (prefix.startsWith('/healthz/')) mistake('prefix', 'a path that does not begin with /healthz/')
  const retentionDays = integer('retention-days', { from: 0, to: 36_500 })
  const admins = texts.admins
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
  const config: Config = {
    mode: isStandAlone
      ? { kind: 'stand-alone', onLoopback }
      : { kind: 'service', hub: checkHubSettings(reader, { prefix, admins }) },
    listen: { host, port: texts.port === '' ? defaultPort() : integer('port', { from: 0, to: 65_535 }) },
    workers: integer('workers', { from: 0, to: 256 }) || availableParallelism(),
    drain: {
      delayMs: 1000 * readDrainDelay(),
      limitMs: 1000 * integer('drain-seconds', { from: 0, to: 3600 }),
    },
    prefix,
    database: { ...readDatabase(reader), ...readPool(reader), upgrade: !isOn('no-upgrade-db') },
    storage: readStorage(reader),
    admins,
    limits: { ...readLimits(reader), ...readTreeLimit(reader) },
    quotas: readQuotas(reader),
    load: readLoad(reader),
    retentionDays: retentionDays === 0 ? null : retentionDays,
    debug: isOn('debug'),
    testData: isOn('test-data'),
    logLevel: reader.oneOf('log-level', logLevels),
  }
  const mistakes = [...usage, ...reader.mistakes]
  if (mistakes.length > 0) throw new ConfigMistakes(mistakes)
  return config

  function readDrainDelay(): number {
    if (texts['drain-delay-seconds'] === '') return isStandAlone ? 0 : 1
    return integer('drain-delay-seconds', { from: 0, to: 600 })
  }

  function defaultPort(): number {
    if (isStandAlone) return defaultStandAlonePort
    const port = Number(URL.parse(texts['service-url'])?.port || 0)
    if (port === 0) {
      mistake(
        'service-url',
        'a URL with a port, from the `url` of the service in the configuration of the hub (or --port)',
      )
    }
    return port
  }
}

const logLevels = ['info', 'debug', 'warn', 'error'] as const

/** Where a command finds the data. @throws ConfigMistakes */
export function checkPlaces(texts: {
  database: string
  storage: string
}): Pick<Config, 'database' | 'storage'> {
  const reader = new SettingReader(texts, settings)
  const places = {
    database: { ...readDatabase(reader), ...poolOfCommands, upgrade: true },
    storage: readStorage(reader),
  }
  if (reader.mistakes.length > 0) throw new ConfigMistakes(reader.mistakes)
  return places
}

/** What every command that serves has. */
type DataReader = SettingReader<'database' | 'storage'>
type ServiceReader = SettingReader<keyof SettingTexts>
type ServingReader = SettingReader<
  | 'database'
  | 'storage'
  | 'database-pool'
  | 'database-timeout-seconds'
  | 'max-body-bytes'
  | 'max-file-bytes'
  | 'max-files'
  | 'max-active'
  | 'max-transfer-bytes'
  | 'max-waiting'
  | 'max-waiting-per-user'
  | 'max-wait-seconds'
  | 'max-connections'
  | 'log-level'
>

function readDatabase({ texts, mistake }: Pick<DataReader, 'texts' | 'mistake'>): DatabasePlace {
  const place = readDatabasePlace(texts.database)
  if (typeof place !== 'string') return place
  mistake('database', place)
  return { kind: 'sqlite', path: '' }
}

function readPool({ integer }: ServingReader): Pick<DatabaseConfig, 'poolSize' | 'statementTimeoutMs'> {
  return {
    poolSize: integer('database-pool', { from: 2, to: 1000 }),
    statementTimeoutMs: integer('database-timeout-seconds', { from: 1, to: 3600 }) * 1000,
  }
}

/** Commands do one thing after the other, and look through everything. */
const poolOfCommands = { poolSize: 4, statementTimeoutMs: 3_600_000 }

function readStorage({ texts, mistake }: Pick<DataReader, 'texts' | 'mistake'>): StorageConfig {
  return readStorageSetting(texts.storage, expected => mistake('storage', expected))
}

function readLimits({ integer }: ServingReader): FormLimits {
  return {
    maxBodyBytes: integer('max-body-bytes', { from: 1024, to: Number.MAX_SAFE_INTEGER }),
    maxFileBytes: integer('max-file-bytes', { from: 1, to: Number.MAX_SAFE_INTEGER }),
    maxFiles: integer('max-files', { from: 1, to: 1_000_000 }),
    maxArgumentBytes,
  }
}

function readLoad({ integer }: ServingReader): LoadSettings {
  return {
    maxActive: integer('max-active', { from: 1, to: 100_000 }),
    maxTransferBytes: integer('max-transfer-bytes', { from: 2 * 1024 * 1024, to: Number.MAX_SAFE_INTEGER }),
    maxWaiting: integer('max-waiting', { from: 0, to: 1_000_000 }),
    maxWaitingPerUser: integer('max-waiting-per-user', { from: 0, to: 1_000_000 }),
    maxWaitMs: integer('max-wait-seconds', { from: 1, to: 3600 }) * 1000,
    maxConnections: integer('max-connections', { from: 1, to: 1_000_000 }),
  }
}

function readTreeLimit({ integer }: ServiceReader): Pick<FormLimits, 'maxTreeBytes'> {
  const maxTreeBytes = integer('max-tree-bytes', anyBytes)
  return maxTreeBytes === 0 ? {} : { maxTreeBytes }
}

function readQuotas({ integer }: ServiceReader): Quotas {
  const read = (name: 'max-assignment-bytes' | 'max-user-bytes' | 'max-course-bytes') =>
    integer(name, anyBytes) || null
  return {
    assignmentBytes: read('max-assignment-bytes'),
    userBytes: read('max-user-bytes'),
    courseBytes: read('max-course-bytes'),
  }
}

const anyBytes = { from: 0, to: Number.MAX_SAFE_INTEGER }

export interface VserverConfig
  extends Pick<Config, 'listen' | 'database' | 'storage' | 'limits' | 'load' | 'logLevel'> {
  /** Absolute. What the file-system calls see as `/`. */
  readonly root: string
  readonly onLoopback: boolean
}

type VserverTexts = Readonly<Record<(typeof vserverSettings)[number]['name'], string>>

/** As `checkSettings`, for `ngshare vserver`. @throws ConfigMistakes */
export function checkVserverSettings(texts: VserverTexts, usage: readonly string[] = []): VserverConfig {
  const reader = new SettingReader(texts, vserverSettings)
  const { mistake, isOn, integer } = reader
  const { host } = texts
  const onLoopback = isLoopbackHost(host)
  const trustsNetwork = isOn('trust-network')
  if (!trustsNetwork && !onLoopback) {
    mistake(
      'host',
      'a loopback address such as 127.0.0.1 (or --trust-network beside it), since everyone may change the folder',
    )
  }
  const root = resolve(texts.root)
  if (texts.root === '' || root === '/') mistake('root', 'a folder, and not /')
  const database = { ...readDatabase(reader), ...readPool(reader), upgrade: true }
  const storage = readStorage(reader)
  for (const [name, path] of [
    ...(database.kind === 'sqlite' ? ([['database', database.path]] as const) : []),
    ...(storage.kind === 'disk' ? ([['storage', storage.folder]] as const) : []),
  ] as const) {
    if (`${path}/`.startsWith(`${root}/`))
      mistake(name, 'a place outside of --root, where the calls cannot reach it')
  }
  const config: VserverConfig = {
    root,
    onLoopback,
    listen: { host, port: integer('port', { from: 0, to: 65_535 }) },
    database,
    storage,
    limits: readLimits(reader),
    load: readLoad(reader),
    logLevel: reader.oneOf('log-level', logLevels),
  }
  const mistakes = [...usage, ...reader.mistakes]
  if (mistakes.length > 0) throw new ConfigMistakes(mistakes)
  return config
}
