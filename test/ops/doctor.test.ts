/** `ngshare doctor`: every fault of an installation is found, and told with its fix, in the order in which to fix them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { judgeRoom } from '../../src/ops/doctor/data.ts'
import { checkOwnClock } from '../../src/ops/doctor/hub.ts'
import { checkNode } from '../../src/ops/doctor/settings.ts'
import { doctorCommand } from '../../src/ops/doctor.ts'
import { runCommand } from '../support/commands.ts'
import { aHub, type FakeHub, type HubOptions } from '../support/fake-hub.ts'
import { aHubService, type HubService, hubEnvironment } from '../support/hub-service.ts'
import { aFolder } from '../support/service.ts'
import { file } from '../support/trees.ts'

interface Finding {
  readonly about: string
  readonly state: string
  readonly says: string
  readonly fix?: string
}

interface Examined {
  readonly failure: string | null
  readonly json: Readonly<Record<string, unknown>>
  readonly wrong: readonly Finding[]
  readonly warnings: readonly Finding[]
  /** The states of all findings about something. */
  of(about: string): string[]
}

const prefix = '/services/ngshare/'

async function examine(
  environment: Readonly<Record<string, string | undefined>>,
  ...args: string[]
): Promise<Examined> {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  try {
    const { failure, json } = await runCommand(doctorCommand, [...args, '--json'])
    const findings = json.findings as Finding[]
    return {
      failure,
      json,
      wrong: findings.filter(({ state }) => state === 'wrong'),
      warnings: findings.filter(({ state }) => state === 'warning'),
      of: about => findings.filter(finding => finding.about === about).map(({ state }) => state),
    }
  } finally {
    vi.unstubAllEnvs()
  }
}

interface Installation {
  readonly hub: FakeHub
  readonly folder: string
  readonly service: HubService
  /** With the options and the environment of the server; others win over them. */
  examine(args?: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Examined>
}

/** A server that runs, with one submission. */
async function anInstallation(options: HubOptions = {}): Promise<Installation> {
  const hub = await aHub(options)
  const folder = await aFolder()
  const service = await aHubService({ hub, folder })
  await service.aCourse('physics', { students: ['lawrence'], assignments: { ps1: [] } })
  await service.submission('lawrence', 'physics/ps1', [file('a', 'work')])
  const own = [...placesIn(folder), '--admins', 'root', '--port', String(service.port)]
  return {
    hub,
    folder,
    service,
    examine: (args = [], environment = {}) =>
      examine({ ...hubEnvironment(hub, prefix), ...environment }, ...own, ...args),
  }
}

const placesIn = (folder: string) => [
  '--database',
  `sqlite:///${join(folder, 'ngshare.db')}`,
  '--storage',
  join(folder, 'files'),
]

describe('a sound installation', () => {
  it('has nothing wrong, from the settings to the way through the proxy', async () => {
    const { service, folder, ...installation } = await anInstallation()
    const before = (await readdir(join(folder, 'files', 'staging'))).length
    const { failure, json, wrong, of } = await installation.examine([
      '--public-url',
      `http://127.0.0.1:${service.port}`,
    ])
    expect(wrong).toEqual([])
    expect(failure).toBeNull()
    expect(json.ok).toBe(true)
    for (const about of [
      'Node',
      'configuration',
      'account',
      'hub',
      'token',
      'scopes',
      'prefix',
      'port',
      'proxy',
    ])
      expect(of(about), about).toEqual(['ok'])
    for (const about of ['storage', 'database', 'clock']) expect(of(about)[0], about).toBe('ok')
    expect(await readdir(join(folder, 'files', 'staging'))).toHaveLength(before)
  })

  it('may be one that never ran, and stays untouched', async () => {
    const hub = await aHub()
    const folder = await aFolder()
    const { wrong, of } = await examine(
      hubEnvironment(hub, prefix),
      ...placesIn(folder),
      '--admins=root',
      '--port=0',
    )
    expect(wrong).toEqual([])
    expect(of('database')).toEqual(['ok'])
    expect(await readdir(folder)).toEqual([])
  })
})

describe('settings', () => {
  it('that are missing come first, and the rest waits', async () => {
    const { failure, json, wrong, of } = await examine(
      { JUPYTERHUB_API_URL: undefined },
      '--max-files',
      'many',
    )
    expect(wrong.map(({ says }) => says.split(':')[0])).toEqual([
      '--jupyterhub-api-url',
      'JUPYTERHUB_API_TOKEN',
      'JUPYTERHUB_SERVICE_URL',
      '--max-files',
    ])
    expect(wrong[1]?.fix).toContain('--pid')
    expect(failure).toBe('4 things are wrong')
    expect(json.toDo).toHaveLength(2)
    expect(of('the rest')).toEqual(['skipped'])
  })

  it('are taken from the server that runs', async () => {
    const hub = await aHub()
    const folder = await aFolder()
    const program = join(folder, 'ngshare')
    await writeFile(program, 'console.log("up"); setInterval(() => {}, 1000)')
    const args = [program, ...placesIn(folder), '--admins', 'root', '--port', '0']
    const server = spawn(process.execPath, args, { env: hubEnvironment(hub, prefix) })
    onTestFinished(() => void server.kill())
    await once(server.stdout, 'data')
    const { wrong, of } = await examine({}, '--pid', String(server.pid))
    expect(wrong).toEqual([])
    expect(of('token')).toEqual(['ok'])
    const other = await runCommand(doctorCommand, ['--pid', String(process.pid)])
    expect(other.failure).toContain('it is not ngshare')
  })

  it('that are risky are warned of, and are no failure', async () => {
    const installation = await anInstallation()
    const { failure, warnings } = await installation.examine([
      '--admins',
      '',
      '--debug',
      '--token-check',
      'off',
    ])
    expect(failure).toBeNull()
    expect(warnings.filter(({ about }) => about === 'configuration')).toHaveLength(3)
  })

  it('that the hub knows better are told', async () => {
    const installation = await anInstallation()
    const { wrong } = await installation.examine(['--prefix', '/api/'])
    expect(wrong.map(({ about }) => about)).toEqual(['prefix', 'port'])
    expect(wrong[0]?.fix).toContain(`--prefix ${prefix}`)
    const elsewhere = await installation.examine([], {
      JUPYTERHUB_SERVICE_PREFIX: '/exchange/',
      NGSHARE_PREFIX: '/exchange/',
    })
    expect(elsewhere.of('prefix')).toEqual(['ok'])
  })
})

describe('data', () => {
  it('in a database that is damaged, or not ours, is told', async () => {
    const { folder, examine } = await anInstallation()
    const own = await examine(['--database', `sqlite:///${join(folder, 'files')}`])
    expect(own.wrong.map(({ about }) => about)).toContain('database')

    const foreign = join(folder, 'foreign.db')
    new Sqlite(foreign).exec('create table songs (id integer)').close()
    const other = await examine(['--database', `sqlite:///${foreign}`])
    expect(other.wrong).toMatchObject([{ about: 'database', fix: expect.stringContaining('--database') }])

    const tables = new Sqlite(join(folder, 'ngshare.db'))
    tables.pragma('foreign_keys = off')
    tables.exec('delete from users')
    tables.close()
    const damaged = await examine()
    expect(damaged.wrong).toMatchObject([{ about: 'database', fix: expect.stringContaining('restore') }])
    expect((await examine(['--no-integrity'])).wrong).toEqual([])
  })

  it('of a newer ngshare is not for this one, of an older one will be upgraded', async () => {
    const { folder, examine } = await anInstallation()
    const tables = new Sqlite(join(folder, 'ngshare.db'))
    onTestFinished(() => void tables.close())
    tables.exec(`insert into kysely_migration values ('999-future', 'now')`)
    expect((await examine()).wrong).toMatchObject([
      { about: 'database', fix: 'Install the newer version again.' },
    ])
    tables.exec(`delete from kysely_migration where name > '002'`)
    expect((await examine()).of('database')).toEqual(['warning'])
    expect((await examine(['--no-upgrade-db'])).of('database')).toEqual(['wrong'])
  })

  it('must have a folder that is one', async () => {
    const { folder, examine } = await anInstallation()
    const notFolder = join(folder, 'a-file')
    await writeFile(notFolder, '')
    const { wrong } = await examine(['--storage', join(notFolder, 'files')])
    expect(wrong.map(({ about }) => about)).toContain('storage')
    await mkdir(join(folder, 'odd'))
    await writeFile(join(folder, 'odd', 'blobs'), '')
    expect((await examine(['--storage', join(folder, 'odd')])).wrong).toMatchObject([{ about: 'storage' }])
  })

  it('needs room on the disk, measured by the largest upload', () => {
    const mib = 1024 * 1024
    const judge = (room: object) =>
      judgeRoom(
        { folder: '/data', freeBytes: 1e12, totalBytes: 2e12, freeInodes: 1e6, totalInodes: 2e6, ...room },
        { maxBodyBytes: 256 * mib },
      ).map(({ state }) => state)
    expect(judge({})).toEqual(['ok'])
    expect(judge({ freeBytes: 511 * mib })).toEqual(['wrong'])
    expect(judge({ freeBytes: 2000 * mib })).toEqual(['warning'])
    expect(judge({ freeInodes: 10 })).toEqual(['wrong'])
    expect(judge({ freeInodes: 40_000 })).toEqual(['warning'])
    expect(judge({ freeInodes: 0, totalInodes: 0 })).toEqual(['ok'])
  })
})

describe('the clock', () => {
  it('is not before this program, nor before what is stored', () => {
    const now = Date.UTC(2027, 0, 1)
    expect(checkOwnClock(now, now - 1).state).toBe('ok')
    expect(checkOwnClock(now, null).state).toBe('ok')
    expect(checkOwnClock(0, null).state).toBe('wrong')
    expect(checkOwnClock(now, now + 3_600_000)).toMatchObject({
      state: 'wrong',
      fix: expect.stringContaining('NTP'),
    })
  })

  it('is compared with that of the hub', async () => {
    const { examine } = await anInstallation()
    const real = Date.now()
    for (const [aheadMs, state] of [
      [0, 'ok'],
      [10_000, 'warning'],
      [3_600_000, 'wrong'],
    ] as const) {
      vi.spyOn(Date, 'now').mockImplementation(() => real + aheadMs)
      expect((await examine()).of('clock'), `${aheadMs} ms ahead`).toEqual(['ok', state])
      vi.restoreAllMocks()
    }
  })
})

describe('the hub', () => {
  it('that does not answer, or is something else, is told once, before what hangs on it', async () => {
    const { hub, examine } = await anInstallation()
    for (const trouble of [
      'error',
      'not found',
      'login redirect',
      'a page instead of JSON',
      'JSON of something else',
    ] as const) {
      hub.breakDown(trouble, '/')
      const { wrong, of } = await examine()
      expect(
        wrong.map(({ about }) => about),
        trouble,
      ).toEqual(['hub'])
      expect(of('token')).toEqual(['skipped'])
    }
    await hub.stop()
    const { wrong } = await examine()
    expect(wrong).toMatchObject([{ about: 'hub', says: expect.stringContaining('ECONNREFUSED') }])
  })

  it('must know the token, as that of this service', async () => {
    const { hub, examine } = await anInstallation()
    const withToken = (JUPYTERHUB_API_TOKEN: string) => examine([], { JUPYTERHUB_API_TOKEN })
    const unknown = await withToken('nobodys-token')
    expect(unknown.wrong).toMatchObject([{ about: 'token', fix: expect.stringContaining('api_token') }])
    const persons = await withToken(hub.notebookToken('alice'))
    expect(persons.wrong).toMatchObject([{ about: 'token', says: expect.stringContaining('user alice') }])
    const others = await withToken(hub.botToken('other'))
    expect(others.wrong).toMatchObject([
      { about: 'token', fix: expect.stringContaining('JUPYTERHUB_SERVICE_NAME=other') },
    ])
    for (const { json } of [unknown, persons, others])
      for (const secret of hub.secrets) expect(JSON.stringify(json)).not.toContain(secret)
  })

  it('must let the service see the groups, where they are used', async () => {
    const blind = await anInstallation()
    const { failure, warnings } = await blind.examine(['--hub-groups'])
    expect(failure).toBeNull()
    expect(warnings.find(({ about }) => about === 'scopes')?.fix).toContain('list:groups')
    const seeing = await anInstallation({ readsGroups: true })
    expect((await seeing.examine(['--hub-groups'])).of('scopes')).toEqual(['ok'])
  })
})

describe('the port', () => {
  it('is free, or the server has it; not another program', async () => {
    const { service, examine } = await anInstallation()
    const taken = await aServer(404, 'something else')
    expect((await examine(['--port', String(taken)])).wrong).toMatchObject([{ about: 'port' }])
    expect((await examine()).of('port')).toEqual(['ok'])
    await service.close()
    const { of } = await examine(['--public-url', `http://127.0.0.1:${taken}`])
    expect(of('port')).toEqual(['ok'])
    expect(of('proxy')).toEqual(['skipped'])
    expect((await examine(['--host', '192.0.2.1'])).wrong).toMatchObject([{ about: 'port' }])
  })
})

describe('the way through the proxy', () => {
  it.each([
    [404, 'no route'],
    [302, 'to the hub'],
    [503, 'does not reach'],
    [200, 'log of the proxy'],
  ])('that ends with %i is told', async (status, fix) => {
    const { examine } = await anInstallation()
    const proxy = await aServer(status, '<h1>JupyterHub</h1>')
    const { wrong } = await examine(['--public-url', `http://127.0.0.1:${proxy}${prefix}`])
    expect(wrong).toMatchObject([{ about: 'proxy', fix: expect.stringContaining(fix) }])
  })

  it('must have the prefix, and be there', async () => {
    const { examine } = await anInstallation()
    const other = await examine(['--public-url', 'http://127.0.0.1:1/other/'])
    expect(other.wrong).toMatchObject([{ about: 'proxy', fix: expect.stringContaining('--prefix /other/') }])
    const nobody = await examine(['--public-url', 'http://127.0.0.1:1'])
    expect(nobody.wrong).toMatchObject([{ about: 'proxy', says: expect.stringContaining('ECONNREFUSED') }])
    expect((await examine()).of('proxy')).toEqual(['skipped'])
  })
})

it('wants a Node that ngshare can run on', () => {
  expect(['18.0.0', '22.11.0', '22.12.0', '24.1.0'].map(version => checkNode(version).state)).toEqual([
    'wrong',
    'wrong',
    'ok',
    'ok',
  ])
})

it('tells people what to do in the order in which to do it, what may wait last', async () => {
  const { hub, service, folder } = await anInstallation()
  await hub.stop()
  const environment = {
    ...hubEnvironment(hub, prefix),
    JUPYTERHUB_SERVICE_URL: `http://127.0.0.1:${service.port}`,
  }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  const { text, failure } = await runCommand(doctorCommand, placesIn(folder))
  vi.unstubAllEnvs()
  expect(failure).toBe('1 thing is wrong')
  const [, steps = ''] = text.split('What to do, in this order:\n')
  expect(steps).toMatch(/^1\. hub: Start the hub.*\n2\. configuration \(may wait\): Name some: --admins/)
})

/** Answers everything alike. Its port. */
async function aServer(status: number, text: string): Promise<number> {
  const server = createServer((_request, response) => response.writeHead(status).end(text))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
