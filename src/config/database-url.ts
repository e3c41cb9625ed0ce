/** Reads where the database is: a file of SQLite, or a URL of PostgreSQL. */
import { resolve } from 'node:path'

export type DatabasePlace =
  | { readonly kind: 'sqlite'; readonly path: string }
  | {
      readonly kind: 'postgresql'
      /** Without its password, so that it can be shown. */
      readonly url: string
      /** Null: `PGPASSWORD`, the password file of PostgreSQL, or none. */
      readonly password: string | null
    }

export const databaseWanted =
  'sqlite:////absolute/path.db, sqlite:///relative/path.db or postgresql://user@host:port/database'

/** What PostgreSQL's own programs understand as well, in their meaning. */
const parameters = ['host', 'port', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'application_name']
const sslModes = ['disable', 'require', 'verify-ca', 'verify-full']

/** A text says what was expected instead. */
export function readDatabasePlace(text: string): DatabasePlace | string {
  const path = sqlitePath(text)
  if (path !== null) return { kind: 'sqlite', path: resolve(path) }
  if (!/^postgres(ql)?:\/\//.test(text)) return databaseWanted
  const url = URL.parse(text)
  if (url === null) return databaseWanted
  return readPostgresUrl(url)
}

/** As it was given, for whoever opens the database by it. It may have a password in it. */
export function databaseText(place: DatabasePlace): string {
  if (place.kind === 'sqlite') return `sqlite:///${place.path}`
  const url = new URL(place.url)
  url.password = place.password === null ? '' : encodeURIComponent(place.password)
  return url.href
}

/** For people: no password in it. */
export function databaseWords(place: DatabasePlace): string {
  return place.kind === 'sqlite' ? place.path : place.url
}

function readPostgresUrl(url: URL): DatabasePlace | string {
  const query = url.searchParams
  if (url.pathname.length < 2) return `${databaseWanted}: the name of the database is missing`
  const unknown = [...query.keys()].find(name => !parameters.includes(name))
  if (unknown !== undefined) return `nothing but ${parameters.join(', ')} after the question mark`
  const sslMode = query.get('sslmode')
  if (sslMode !== null && !sslModes.includes(sslMode)) return `sslmode to be one of ${sslModes.join(', ')}`
  if (sslMode === 'verify-ca' && !query.has('sslrootcert')) return 'sslrootcert beside sslmode=verify-ca'
  if (sslMode === null && ['sslrootcert', 'sslcert', 'sslkey'].some(name => query.has(name)))
    return 'sslmode beside the certificates'
  const password = url.password === '' ? null : decodeURIComponent(url.password)
  url.password = ''
  return { kind: 'postgresql', url: url.href, password }
}

/** The file of a URL as SQLAlchemy writes it: three slashes, then the path. Null for anything else. */
function sqlitePath(url: string): string | null {
  const path = /^sqlite:\/\/\/([^?#]+)$/.exec(url)?.[1]
  return path === undefined || path === ':memory:' ? null : path
}
