import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const source = resolve(import.meta.dirname, '../../src')

/** Which rooms (folders, or files at the top) each room may import. Everything points towards `domain`. */
const arrows: Record<string, readonly string[]> = {
  'main.ts': ['config', 'domain', 'ops', 'terminal'],
  'commands.ts': ['cli', 'config', 'ops', 'terminal', 'version.ts'],
  'serve.ts': ['auth', 'compose.ts', 'config', 'domain', 'logger.ts', 'terminal', 'version.ts', 'workers.ts'],
  'workers.ts': ['http'],
  'compose.ts': [
    'auth',
    'config',
    'content',
    'db',
    'domain',
    'exchange',
    'http',
    'ops',
    'plugin-wheel.ts',
    'version.ts',
    'vserver',
  ],
  client: [],
  'logger.ts': [],
  'plugin-wheel.ts': [],
  'version.ts': [],
  'durable-folders.ts': [],
  config: ['auth', 'content', 'domain', 'http'],
  http: ['auth', 'content', 'db', 'domain', 'exchange', 'plugin-wheel.ts', 'web'],
  ops: ['config', 'content', 'db', 'domain', 'durable-folders.ts', 'exchange', 'terminal'],
  cli: ['client', 'config', 'terminal', 'version.ts'],
  terminal: [],
  vserver: ['content', 'domain', 'exchange', 'http', 'web'],
  web: [],
  auth: ['domain'],
  exchange: ['content', 'db', 'domain'],
  db: ['domain', 'durable-folders.ts'],
  content: ['domain', 'durable-folders.ts'],
  domain: [],
}

/** Files that know a concrete database, store or way to log in: only the composition root may name them. */
const adapters = [
  'db/sqlite.ts',
  'db/postgres.ts',
  'content/disk-store.ts',
  'content/s3/s3-store.ts',
  'auth/stand-alone.ts',
  'auth/hub/hub.ts',
  'auth/hub/group-roster.ts',
]

/** Packages that belong to one room. */
const packages: Record<string, readonly string[]> = {
  fastify: ['http', 'vserver', 'compose.ts'],
  'better-sqlite3': ['db'],
  pg: ['db'],
  'prom-client': ['http'],
  '@fastify/busboy': ['http'],
  commander: ['cli', 'commands.ts', 'config', 'ops', 'main.ts', 'terminal'],
  'csv-parse': ['cli'],
  'csv-stringify': ['cli'],
  'string-width': ['terminal'],
  preact: ['web'],
  'preact-render-to-string': ['web'],
  kysely: ['db'],
  undici: ['auth'],
  oauth4webapi: ['auth'],
  jose: ['auth'],
  'lru-cache': ['auth'],
  cookie: ['auth'],
  '@aws-sdk/client-s3': ['content'],
  typebox: ['http'],
  ajv: ['http'],
  '@fastify/swagger': ['http'],
  'tar-stream': ['http'],
  yazl: ['http'],
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  file => /\.tsx?$/.test(file) && !file.endsWith('.test.ts'),
)

const imports = files.flatMap(file => {
  const text = readFileSync(join(source, file), 'utf8')
  return [...text.matchAll(/(?:import|export)\s(?:[^'"]*?\sfrom\s)?'([^']+)'/g)].map(match => ({
    file,
    room: roomOf(file),
    typeOnly: match[0].startsWith('import type'),
    target: match[1] ?? '',
  }))
})

describe('the arrows between rooms', () => {
  it('lead only where the plan lets them', () => {
    const wrong = imports
      .filter(({ target }) => target.startsWith('.'))
      .map(entry => ({
        ...entry,
        to: roomOf(relative(source, resolve(source, dirname(entry.file), entry.target))),
      }))
      .filter(({ room, to }) => room !== to && !arrows[room]?.includes(to))
    expect(wrong.map(({ file, target }) => `${file} → ${target}`)).toEqual([])
  })

  it('name every room there is', () => {
    expect(Object.keys(arrows).sort()).toEqual([...new Set(files.map(roomOf))].sort())
  })

  it('let the configuration know the other rooms by their types alone', () => {
    const wrong = imports.filter(
      ({ room, target, typeOnly }) =>
        room === 'config' && /\/(http|auth|content)\//.test(target) && !typeOnly,
    )
    expect(wrong).toEqual([])
  })

  it('let nobody but the composition root name an adapter', () => {
    const wrong = imports
      .map(({ file, target }) => ({ file, target: relative(source, resolve(source, dirname(file), target)) }))
      .filter(({ file, target }) => adapters.includes(target) && file !== 'compose.ts')
    expect(wrong).toEqual([])
  })

  it('keep each package in its room', () => {
    const wrong = imports.filter(
      ({ room, target }) => packages[target] !== undefined && !packages[target].includes(room),
    )
    expect(wrong.map(({ file, target }) => `${file} → ${target}`)).toEqual([])
  })

  it('lead to the SDK of S3 only by an import that runs when it is asked for', () => {
    const loaded = filesLoadedBy('serve.ts')
    expect(loaded).toContain('content/disk-store.ts')
    expect(loaded.filter(file => file.startsWith('content/s3/'))).toEqual([])
  })

  it('keep a server and the commands that talk to one out of the memory of each other', () => {
    expect(filesLoadedBy('serve.ts').filter(file => /^(cli|client)\//.test(file))).toEqual([])
    const rooms = new Set(filesLoadedBy('cli/program.ts').map(roomOf))
    expect([...rooms].sort()).toEqual(['cli', 'client', 'terminal', 'version.ts'])
    expect(filesLoadedBy('main.ts').map(roomOf)).not.toContain('serve.ts')
  })

  it('keep migrations apart from the living code', () => {
    const wrong = imports.filter(
      ({ file, target }) =>
        file.startsWith('db/migrations/') && target.startsWith('.') && target !== './engine.ts',
    )
    expect(wrong).toEqual([])
  })
})

/** What is loaded with a file, by imports that run at once. */
function filesLoadedBy(file: string): string[] {
  const loaded = [file]
  for (const file of loaded) {
    const targets = imports.filter(
      entry => entry.file === file && !entry.typeOnly && entry.target.startsWith('.'),
    )
    for (const { target } of targets) {
      const path = relative(source, resolve(source, dirname(file), target))
      if (!loaded.includes(path)) loaded.push(path)
    }
  }
  return loaded
}

function roomOf(file: string): string {
  return file.split('/', 1)[0] ?? file
}
