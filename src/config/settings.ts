/** Every setting, named once: its option, its environment variable, what it means. Help and docs come from here. */

export interface Setting {
  /** The option without its dashes; `_` may stand for `-`. */
  readonly name: string
  readonly variables: readonly string[]
  /** What the value is, for the help; a setting without is a switch. */
  readonly value?: string
  readonly fallback?: string
  readonly meaning: string
}

export const settings = [
  {
    name: 'vngshare',
    variables: ['NGSHARE_VNGSHARE'],
    meaning: 'stand-alone mode: no hub, whoever asks is believed to be the user named in the request',
  },
  {
    name: 'database',
    variables: ['NGSHARE_DATABASE'],
    value: 'URL',
    fallback: 'sqlite:////srv/ngshare/ngshare.db',
    meaning: 'where the facts are kept: sqlite:////absolute/path.db or sqlite:///relative/path.db',
  },
  {
    name: 'storage',
    variables: ['NGSHARE_STORAGE'],
    value: 'DIR',
    fallback: '/srv/ngshare/files/',
    meaning: 'the folder in which large files are kept',
  },
  {
    name: 'admins',
    variables: ['NGSHARE_ADMINS'],
    value: 'NAMES',
    fallback: '',
    meaning: 'user names, separated by commas, who may create courses and do everything else',
  },
  {
    name: 'prefix',
    variables: ['NGSHARE_PREFIX', 'JUPYTERHUB_SERVICE_PREFIX'],
    value: 'PATH',
    fallback: '/api/',
    meaning: 'where the API begins; begins and ends with a slash',
  },
  {
    name: 'host',
    variables: ['NGSHARE_HOST'],
    value: 'ADDRESS',
    fallback: '127.0.0.1',
    meaning: 'the address to listen on',
  },
  {
    name: 'port',
    variables: ['NGSHARE_PORT'],
    value: 'NUMBER',
    fallback: '12121',
    meaning: 'the port to listen on; 0 takes a free one',
  },
  {
    name: 'jupyterhub-api-url',
    variables: ['JUPYTERHUB_API_URL'],
    value: 'URL',
    fallback: '',
    meaning: 'the API of the hub, in service mode; stand-alone mode does not use it',
  },
  {
    name: 'debug',
    variables: ['NGSHARE_DEBUG'],
    meaning: 'explain refusals, and serve the page that fills, clears and shows the database',
  },
  {
    name: 'no-upgrade-db',
    variables: ['NGSHARE_NO_UPGRADE_DB'],
    meaning: 'refuse to start on a database of an older version, instead of upgrading it',
  },
  {
    name: 'test-data',
    variables: ['NGSHARE_TEST_DATA'],
    meaning: 'put the documented test data into an empty database',
  },
  {
    name: 'trust-network',
    variables: ['NGSHARE_TRUST_NETWORK'],
    meaning: 'let a stand-alone server listen beyond this machine: everyone who reaches it can be anyone',
  },
  {
    name: 'max-body-bytes',
    variables: ['NGSHARE_MAX_BODY_BYTES'],
    value: 'BYTES',
    fallback: String(256 * 1024 * 1024),
    meaning: 'the largest request body; a file takes about 1.5 times its size in it',
  },
  {
    name: 'max-file-bytes',
    variables: ['NGSHARE_MAX_FILE_BYTES'],
    value: 'BYTES',
    fallback: String(128 * 1024 * 1024),
    meaning: 'the largest single file',
  },
  {
    name: 'max-files',
    variables: ['NGSHARE_MAX_FILES'],
    value: 'NUMBER',
    fallback: '10000',
    meaning: 'the most files in one directory tree',
  },
  {
    name: 'retention-days',
    variables: ['NGSHARE_RETENTION_DAYS'],
    value: 'DAYS',
    fallback: '30',
    meaning:
      'how long deleted courses and assignments, with all submissions and feedback, are kept; 0 keeps them for good',
  },
  {
    name: 'log-level',
    variables: ['NGSHARE_LOG_LEVEL'],
    value: 'LEVEL',
    fallback: 'info',
    meaning: 'debug, info, warn or error',
  },
] as const satisfies readonly Setting[]

export type SettingName = (typeof settings)[number]['name']

/** What was said for each setting, by option or variable or default. A switch says `true` or `false`. */
export type SettingTexts = Readonly<Record<SettingName, string>>
