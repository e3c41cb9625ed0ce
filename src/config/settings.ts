/** Every setting, named once: its option, its environment variable, what it means. Help and docs come from here. */

export interface Setting {
  /** The option without its dashes; `_` may stand for `-`. */
  readonly name: string
  /** `hub`: what a hub tells its services, by variable alone. `secret`: by variable too, or in the file that VARIABLE_FILE names. */
  readonly kind?: 'hub' | 'secret'
  /** May be in the file that VARIABLE_FILE names, too, since it may have a password in it. */
  readonly mayBeFile?: true
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
    mayBeFile: true,
    variables: ['NGSHARE_DATABASE'],
    value: 'URL',
    fallback: 'sqlite:////srv/ngshare/ngshare.db',
    meaning:
      'where the facts are kept: sqlite:////absolute/path.db, sqlite:///relative/path.db or postgresql://user@host:port/database',
  },
  {
    name: 'database-pool',
    variables: ['NGSHARE_DATABASE_POOL'],
    value: 'NUMBER',
    fallback: '10',
    meaning: 'the most connections of this process to PostgreSQL',
  },
  {
    name: 'database-timeout-seconds',
    variables: ['NGSHARE_DATABASE_TIMEOUT_SECONDS'],
    value: 'SECONDS',
    fallback: '30',
    meaning: 'how long PostgreSQL may take for one statement',
  },
  {
    name: 'storage',
    variables: ['NGSHARE_STORAGE'],
    value: 'PLACE',
    fallback: '/srv/ngshare/files/',
    meaning:
      'where large files are kept: a folder, or a bucket as s3://bucket/prefix?endpoint=…&region=…, see docs/storage.md',
  },
  {
    name: 'admins',
    variables: ['NGSHARE_ADMINS'],
    value: 'NAMES',
    fallback: '',
    meaning:
      'user names, separated by commas, who may create courses and do everything else; `service:NAME` is a service of the hub',
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
    fallback: '',
    meaning: 'the address to listen on; by default 0.0.0.0 as a service, 127.0.0.1 in stand-alone mode',
  },
  {
    name: 'port',
    variables: ['NGSHARE_PORT'],
    value: 'NUMBER',
    fallback: '',
    meaning:
      'the port to listen on; by default that of JUPYTERHUB_SERVICE_URL as a service, 12121 in stand-alone mode; 0 takes a free one',
  },
  {
    name: 'workers',
    variables: ['NGSHARE_WORKERS'],
    value: 'NUMBER',
    fallback: '1',
    meaning: 'how many processes serve, on the one port and the same data; 0: one for each core',
  },
  {
    name: 'drain-delay-seconds',
    variables: ['NGSHARE_DRAIN_DELAY_SECONDS'],
    value: 'SECONDS',
    fallback: '',
    meaning:
      'when told to stop, how long it goes on accepting connections while /readyz says no, so that a proxy can send requests elsewhere; by default 1 as a service, 0 in stand-alone mode',
  },
  {
    name: 'drain-seconds',
    variables: ['NGSHARE_DRAIN_SECONDS'],
    value: 'SECONDS',
    fallback: '50',
    meaning: 'how long requests that are under way then have to finish before they are cut off',
  },
  {
    name: 'jupyterhub-api-url',
    variables: ['JUPYTERHUB_API_URL'],
    value: 'URL',
    fallback: '',
    meaning: 'the API of the hub, such as http://127.0.0.1:8081/hub/api; stand-alone mode does not use it',
  },
  {
    name: 'token-check',
    variables: ['NGSHARE_TOKEN_CHECK'],
    value: 'MODE',
    fallback: 'auto',
    meaning:
      'which tokens are accepted. auto: those of notebook servers and people, but not those that another service got for a person; strict: those with the access scope; off: all',
  },
  {
    name: 'token-cache-seconds',
    variables: ['NGSHARE_TOKEN_CACHE_SECONDS'],
    value: 'SECONDS',
    fallback: '60',
    meaning: "how long the hub's word on a token counts; 0 asks every time",
  },
  {
    name: 'hub-grace-seconds',
    variables: ['NGSHARE_HUB_GRACE_SECONDS'],
    value: 'SECONDS',
    fallback: '300',
    meaning: 'how much longer it counts while the hub is in trouble',
  },
  {
    name: 'hub-timeout-seconds',
    variables: ['NGSHARE_HUB_TIMEOUT_SECONDS'],
    value: 'SECONDS',
    fallback: '8',
    meaning: 'how long an answer of the hub is waited for',
  },
  {
    name: 'hub-admins',
    variables: ['NGSHARE_HUB_ADMINS'],
    meaning: "the hub's admins are admins here, too",
  },
  {
    name: 'no-service-tokens',
    variables: ['NGSHARE_NO_SERVICE_TOKENS'],
    meaning: 'refuse the tokens of other services of the hub',
  },
  {
    name: 'token-in-url',
    variables: ['NGSHARE_TOKEN_IN_URL', 'JUPYTERHUB_ALLOW_TOKEN_IN_URL'],
    meaning: 'accept a token as the argument `token` of the URL, where logs of others may show it',
  },
  {
    name: 'hub-groups',
    variables: ['NGSHARE_HUB_GROUPS'],
    meaning: 'people get their roles in courses from groups of the hub, beside the rosters',
  },
  {
    name: 'student-group',
    variables: ['NGSHARE_STUDENT_GROUP'],
    value: 'PATTERN',
    fallback: 'nbgrader-{course}',
    meaning: 'the name of the group of the students of a course',
  },
  {
    name: 'instructor-group',
    variables: ['NGSHARE_INSTRUCTOR_GROUP'],
    value: 'PATTERN',
    fallback: 'formgrade-{course}',
    meaning: 'the name of the group of the instructors of a course',
  },
  {
    name: 'hub-groups-sync-seconds',
    variables: ['NGSHARE_HUB_GROUPS_SYNC_SECONDS'],
    value: 'SECONDS',
    fallback: '300',
    meaning:
      'how often the members of all groups are read from the hub, so that rosters show people who have not come yet; 0: never',
  },
  {
    name: 'api-token',
    kind: 'secret',
    variables: ['JUPYTERHUB_API_TOKEN'],
    fallback: '',
    meaning: "the service's own token, which is its OAuth secret as well",
  },
  {
    name: 'cookie-secret',
    kind: 'secret',
    variables: ['NGSHARE_COOKIE_SECRET'],
    fallback: '',
    meaning: 'seals the cookies of people who log in by browser; by default the token of the service does',
  },
  {
    name: 'service-name',
    kind: 'hub',
    variables: ['JUPYTERHUB_SERVICE_NAME'],
    fallback: '',
    meaning: 'the name of the service; by default the last part of the prefix',
  },
  {
    name: 'service-url',
    kind: 'hub',
    variables: ['JUPYTERHUB_SERVICE_URL'],
    fallback: '',
    meaning: 'where the hub finds the service; its port is the one to listen on',
  },
  {
    name: 'client-id',
    kind: 'hub',
    variables: ['JUPYTERHUB_CLIENT_ID'],
    fallback: '',
    meaning: 'the OAuth client that the hub knows us as; by default `service-` and the name',
  },
  {
    name: 'base-url',
    kind: 'hub',
    variables: ['JUPYTERHUB_BASE_URL'],
    fallback: '/',
    meaning: 'the path below which the hub and its services are',
  },
  {
    name: 'hub-host',
    kind: 'hub',
    variables: ['JUPYTERHUB_HOST'],
    fallback: '',
    meaning: 'the public origin of the hub, where it is another than that of the service',
  },
  {
    name: 'public-url',
    kind: 'hub',
    variables: ['JUPYTERHUB_PUBLIC_URL'],
    fallback: '',
    meaning: 'where browsers find the service',
  },
  {
    name: 'public-hub-url',
    kind: 'hub',
    variables: ['JUPYTERHUB_PUBLIC_HUB_URL'],
    fallback: '',
    meaning: 'where browsers find the hub',
  },
  {
    name: 'oauth-callback-url',
    kind: 'hub',
    variables: ['JUPYTERHUB_OAUTH_CALLBACK_URL'],
    fallback: '',
    meaning:
      'where the hub sends browsers after the login, exactly as registered; by default PREFIX`oauth_callback`',
  },
  {
    name: 'access-scopes',
    kind: 'hub',
    variables: ['JUPYTERHUB_OAUTH_ACCESS_SCOPES', 'JUPYTERHUB_OAUTH_SCOPES'],
    fallback: '',
    meaning:
      'the scopes of which one gives access, as a JSON list; by default `access:services` and `access:services!service=NAME`',
  },
  {
    name: 'login-target',
    kind: 'hub',
    variables: ['JUPYTERHUB_SERVICE_REDIRECT_URL'],
    fallback: '',
    meaning: 'the page after a login that began at no page of ours; by default the prefix',
  },
  {
    name: 'cookie-options',
    kind: 'hub',
    variables: ['JUPYTERHUB_COOKIE_OPTIONS'],
    fallback: '',
    meaning: 'a JSON object; `samesite`, `secure` and `domain` of our cookies',
  },
  {
    name: 'cookie-host-prefix',
    kind: 'hub',
    variables: ['JUPYTERHUB_COOKIE_HOST_PREFIX_ENABLED'],
    fallback: 'false',
    meaning: 'names of cookies begin with `__Host-`; the service must be on https',
  },
  {
    name: 'ssl-keyfile',
    kind: 'hub',
    variables: ['JUPYTERHUB_SSL_KEYFILE'],
    fallback: '',
    meaning: 'the key with which to serve and to ask the hub, where it uses internal_ssl',
  },
  {
    name: 'ssl-certfile',
    kind: 'hub',
    variables: ['JUPYTERHUB_SSL_CERTFILE'],
    fallback: '',
    meaning: 'the certificate of that key',
  },
  {
    name: 'ssl-client-ca',
    kind: 'hub',
    variables: ['JUPYTERHUB_SSL_CLIENT_CA'],
    fallback: '',
    meaning: 'the authority whose certificates callers and the hub must show',
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
    name: 'max-tree-bytes',
    variables: ['NGSHARE_MAX_TREE_BYTES'],
    value: 'BYTES',
    fallback: String(256 * 1024 * 1024),
    meaning: 'the most bytes in all files of one directory tree; 0: what a body holds',
  },
  {
    name: 'max-assignment-bytes',
    variables: ['NGSHARE_MAX_ASSIGNMENT_BYTES'],
    value: 'BYTES',
    fallback: '0',
    meaning: 'the most bytes in all submissions of one student to one assignment; 0: any number',
  },
  {
    name: 'max-user-bytes',
    variables: ['NGSHARE_MAX_USER_BYTES'],
    value: 'BYTES',
    fallback: '0',
    meaning: 'the most bytes in all submissions of one student; 0: any number',
  },
  {
    name: 'max-course-bytes',
    variables: ['NGSHARE_MAX_COURSE_BYTES'],
    value: 'BYTES',
    fallback: '0',
    meaning:
      'the most bytes in all releases, submissions and feedback of a course, deleted ones too until they are gone for good; 0: any number',
  },
  {
    name: 'max-active',
    variables: ['NGSHARE_MAX_ACTIVE'],
    value: 'NUMBER',
    fallback: '64',
    meaning:
      'the most uploads that are worked on at once, and as many requests without a body; downloads are four times as many. The others wait',
  },
  {
    name: 'max-transfer-bytes',
    variables: ['NGSHARE_MAX_TRANSFER_BYTES'],
    value: 'BYTES',
    fallback: String(64 * 1024 * 1024),
    meaning: 'the memory for uploads that are worked on, and as much again for downloads',
  },
  {
    name: 'max-waiting',
    variables: ['NGSHARE_MAX_WAITING'],
    value: 'NUMBER',
    fallback: '2000',
    meaning: 'the most requests of each kind that wait for their turn; more get 503',
  },
  {
    name: 'max-waiting-per-user',
    variables: ['NGSHARE_MAX_WAITING_PER_USER'],
    value: 'NUMBER',
    fallback: '100',
    meaning: 'how many of them may be of one user, who gets 429 for more',
  },
  {
    name: 'max-wait-seconds',
    variables: ['NGSHARE_MAX_WAIT_SECONDS'],
    value: 'SECONDS',
    fallback: '45',
    meaning:
      'how long a request waits for its turn before it gets 503; less than proxies in front wait for an answer',
  },
  {
    name: 'max-connections',
    variables: ['NGSHARE_MAX_CONNECTIONS'],
    value: 'NUMBER',
    fallback: '8192',
    meaning: 'the most open connections; at most half of the files that the process may open',
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
