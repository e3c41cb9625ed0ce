/** `ngshare verify`: everything is read back, and what is wrong is named, no more and no less. */
import { readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { dataAccess } from '../../src/compose.ts'
import { openDiskStore } from '../../src/content/disk-store.ts'
import { purgeHidden } from '../../src/exchange/housekeeping.ts'
import { backupCommand } from '../../src/ops/backup.ts'
import type { Ops } from '../../src/ops/command.ts'
import { verifyCommand } from '../../src/ops/verify.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { aFolder, aService, type Service } from '../support/service.ts'
import { fetched, file } from '../support/trees.ts'
import {
  changeRows,
  changeStoredBytes,
  cutShort,
  flipBit,
  removeFile,
  storedFile,
  wipePage,
} from './damage.ts'
import { aClass, notebook, plot, releaseFile, sha256Of, shared, submissionFile } from './stories.ts'

const verify = (service: Service, ...args: string[]) =>
  runCommand(verifyCommand, [...placesOf(service), '--json', ...args])

const findingsIn = async (service: Service, ...args: string[]) =>
  (await verify(service, ...args)).json.findings

/** Course and assignment of what the command has put on record. */
function recorded(service: Service, action: string): unknown[][] {
  const database = new Sqlite(service.database, { readonly: true })
  const query = `select course, assignment from events
    where action = ? and result = 'done' and actor like 'command line (%' and actor_kind = 'service' order by id`
  const rows = database.prepare(query).raw().all(action) as unknown[][]
  database.close()
  return rows
}

const damagedNotebook = Buffer.concat([notebook('lise').subarray(0, 4999), Buffer.from('x')])

describe('verify', () => {
  it('finds nothing where all is well, beside the running server', async () => {
    const service = await aService()
    await aClass(service)
    const outcome = await verify(service)
    expect(outcome.failure).toBeNull()
    // Task, shared data, and a notebook and a plot of each of three students.
    expect(outcome.json).toMatchObject({ blobs: 8, trees: 4, findings: [], unrepaired: 0 })
  })

  it('finds nothing where nothing is', async () => {
    expect((await verify(await aService())).failure).toBeNull()
  })

  it('names the file with a flipped bit, the one that is cut short and the one that is gone, and no other', async () => {
    const service = await aService()
    const at = await aClass(service)
    await flipBit(storedFile(service, plot('marie')), 123_456)
    await cutShort(storedFile(service, plot('lise')), 299_999)
    await removeFile(storedFile(service, shared))
    const outcome = await verify(service)
    expect(outcome.failure).toContain('3 faults')
    expect(outcome.json.findings).toMatchObject([
      {
        fault: 'missing',
        sha256: sha256Of(shared),
        uses: [
          releaseFile('data.csv'),
          submissionFile('marie', at.marie, 'data.csv'),
          submissionFile('lise', at.lise, 'data.csv'),
          submissionFile('emmy', at.emmy, 'data.csv'),
        ],
      },
      {
        fault: 'damaged',
        sha256: sha256Of(plot('marie')),
        uses: [submissionFile('marie', at.marie, 'plot.png')],
      },
      {
        fault: 'wrong-size',
        sha256: sha256Of(plot('lise')),
        uses: [submissionFile('lise', at.lise, 'plot.png')],
      },
    ])
  })

  it('names the same in the database', async () => {
    const service = await aService()
    const at = await aClass(service)
    changeStoredBytes(service, notebook('lise'), damagedNotebook)
    changeStoredBytes(service, notebook('marie'), notebook('marie').subarray(1))
    changeRows(service, 'delete from blobs where sha256 = ?', sha256Of(notebook('emmy')))
    const findings = await findingsIn(service)
    expect(findings).toMatchObject([
      {
        fault: 'row-missing',
        sha256: null,
        uses: [submissionFile('emmy', at.emmy, 'notebook.ipynb')],
      },
      {
        fault: 'wrong-size',
        sha256: sha256Of(notebook('marie')),
        uses: [submissionFile('marie', at.marie, 'notebook.ipynb')],
      },
      {
        fault: 'damaged',
        sha256: sha256Of(notebook('lise')),
        uses: [submissionFile('lise', at.lise, 'notebook.ipynb')],
      },
    ])
    expect(findings).toHaveLength(3)
  })

  it('says it in words for people', async () => {
    const service = await aService()
    const at = await aClass(service)
    const path = storedFile(service, plot('marie'))
    await flipBit(path, 0)
    const { text } = await runCommand(verifyCommand, placesOf(service))
    expect(text).toContain(`(${path.split('/').at(-1)}) damaged: has other bytes`)
    expect(text).toContain(`math/ex1, submission of marie at ${at.marie}: plot.png`)
    expect(text).toContain('1 fault.')
  })

  it('names trees whose rows were changed, and a wrong checksum', async () => {
    const service = await aService()
    const at = await aClass(service)
    changeRows(service, `update tree_files set path = 'x' where path = 'plot.png' and tree_id = 2`)
    changeRows(service, `delete from tree_files where path = 'plot.png' and tree_id = 3`)
    changeRows(service, `update blobs set md5 = 'wrong' where sha256 = ?`, sha256Of(plot('emmy')))
    expect(await findingsIn(service)).toMatchObject([
      { kind: 'unused-blob', sha256: sha256Of(plot('lise')) },
      { fault: 'wrong-md5', uses: [submissionFile('emmy', at.emmy, 'plot.png')] },
      {
        kind: 'tree',
        treeId: 2,
        text: 'has other files than when it was stored',
        uses: [{ student: 'marie' }],
      },
      { kind: 'tree', treeId: 3, text: 'has 2 files instead of 3', uses: [{ student: 'lise' }] },
    ])
  })

  it('names rows that point at nothing', async () => {
    const service = await aService()
    await aClass(service)
    changeRows(service, `delete from users where name = 'marie'`)
    const findings = (await findingsIn(service)) as { kind: string; text: string }[]
    expect(findings.map(({ kind }) => kind)).toEqual(['database', 'database', 'database'])
    expect(findings.map(({ text }) => text).join()).toMatch(/of submissions points at nothing in users/)
  })

  it('tells of a damaged page of the database, and reads on what can be read', async () => {
    const folder = await aFolder()
    const service = await aService({ folder })
    await aClass(service)
    await service.close()
    await wipePage(service, 'tree_files_blob')
    const outcome = await verify(service)
    expect(outcome.json).toMatchObject({ blobs: 8, trees: 4 })
    const findings = outcome.json.findings as { kind: string; text: string }[]
    expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(['database']))
    expect(outcome.failure).toContain('in what is stored')
  })

  it('does not miss what is purged while it reads', async () => {
    const service = await aService()
    await aClass(service)
    await service.as('root').delete('course/math')
    const open = await dataAccess.open({
      database: `sqlite:///${service.database}`,
      storage: service.storage,
    })
    const purging = (ops: Ops) =>
      verifyCommand({
        ...ops,
        io: ops.io,
        async open(places) {
          const { exchange, ...rest } = await ops.open(places)
          const read: typeof exchange.content.read = async location => {
            await purgeHidden(open.exchange, { hiddenBefore: Date.now() + 60_000 })
            return exchange.content.read(location)
          }
          const content = new Proxy(exchange.content, {
            get: (store, name) => (name === 'read' ? read : Reflect.get(store, name, store).bind(store)),
          })
          return { ...rest, exchange: { ...exchange, content } }
        },
      })
    const outcome = await runCommand(purging, [...placesOf(service), '--json'])
    await open.close()
    expect(outcome).toMatchObject({ failure: null, json: { findings: [] } })
  })

  it('takes files of uploads that are under way for what they are, and old ones for orphans', async () => {
    const service = await aService()
    await aClass(service)
    const { young, old } = await twoOrphans(service)
    expect(await findingsIn(service)).toMatchObject([{ kind: 'orphan-file', location: old }])
    const repaired = await verify(service, '--repair')
    expect(repaired.failure).toBeNull()
    expect(await locations(service)).toContain(young)
    expect(await locations(service)).not.toContain(old)
    expect(recorded(service, 'sweep')).toEqual([[null, null]])
  })
})

describe('verify --repair', () => {
  it('changes nothing that it cannot make good', async () => {
    const service = await aService()
    await aClass(service)
    await flipBit(storedFile(service, plot('marie')), 5)
    changeStoredBytes(service, notebook('lise'), damagedNotebook)
    const before = await verify(service)
    const outcome = await verify(service, '--repair')
    expect(outcome.failure).toContain('2 faults')
    expect(outcome.json).toEqual(before.json)
    expect(await findingsIn(service)).toEqual(before.json.findings)
    expect(recorded(service, 'repair')).toEqual([])
  })

  it('puts good copies of a backup in place of bad bytes', async () => {
    const service = await aService()
    const at = await aClass(service)
    const backup = join(await aFolder(), 'backup')
    await runCommand(backupCommand, [backup, ...placesOf(service)])
    await flipBit(storedFile(service, plot('marie')), 123_456)
    await cutShort(storedFile(service, plot('lise')), 10)
    await removeFile(storedFile(service, shared))
    changeStoredBytes(service, notebook('lise'), damagedNotebook)
    changeRows(service, `update blobs set md5 = 'wrong' where sha256 = ?`, sha256Of(plot('emmy')))
    const outcome = await verify(service, '--repair', '--from-backup', backup)
    expect(outcome.failure).toBeNull()
    expect(outcome.json).toMatchObject({ unrepaired: 0 })
    expect(outcome.json.findings).toHaveLength(5)
    expect((await verify(service)).json.findings).toEqual([])
    // The shared file is one of the release and of all submissions: one assignment has it.
    expect(recorded(service, 'repair')).toEqual(Array.from({ length: 5 }, () => ['math', 'ex1']))
    for (const student of ['marie', 'lise', 'emmy'] as const) {
      const { json } = await service.as('kevin').get(`submission/math/ex1/${student}`)
      expect(json).toMatchObject({ timestamp: at[student] })
      expect(json.files).toEqual([
        fetched('notebook.ipynb', notebook(student)),
        fetched('plot.png', plot(student)),
        fetched('data.csv', shared),
      ])
    }
  })

  it('takes no damaged copy for a good one', async () => {
    const service = await aService()
    await aClass(service)
    const backup = join(await aFolder(), 'backup')
    await runCommand(backupCommand, [backup, ...placesOf(service)])
    const backedUp = { database: '', storage: join(backup, 'content') }
    await flipBit(storedFile(backedUp, plot('marie')), 1)
    await removeFile(storedFile(service, plot('marie')))
    const outcome = await verify(service, '--repair', '--from-backup', backup)
    expect(outcome.json.findings).toMatchObject([{ fault: 'missing', repaired: false }])
  })

  it('finds a good copy beside the bad one', async () => {
    const service = await aService()
    await aClass(service)
    const store = await openDiskStore(service.storage)
    const copy = await store.create()
    await copy.write(plot('marie'))
    await copy.end(sha256Of(plot('marie')))
    const [bad, good] = [storedFile(service, plot('marie')), await copy.place()]
    expect(bad).not.toContain(good)
    await cutShort(bad, 1)
    expect((await verify(service, '--repair')).failure).toBeNull()
    expect(await findingsIn(service)).toEqual([])
  })
})

describe('damaged bytes', () => {
  it('in the database are refused with 500, and the log names them', async () => {
    const service = await aService()
    await aClass(service)
    changeStoredBytes(service, notebook('lise'), damagedNotebook)
    await expectRefusal(service, 'lise', sha256Of(notebook('lise')))
    expect((await service.as('kevin').get('submission/math/ex1/marie')).status).toBe(200)
  })

  it('in the folder are refused with 500 where the answer is small', async () => {
    const service = await aService()
    await aClass(service)
    const bytes = plot('tiny').subarray(0, 100_000)
    await service.submission('marie', 'math/ex1', [file('a', bytes)])
    await flipBit(storedFile(service, bytes), 99_999)
    await expectRefusal(service, 'marie', sha256Of(bytes))
  })

  it.each([
    ['a flipped bit in the last byte', (path: string) => flipBit(path, 299_999)],
    ['a missing byte', (path: string) => cutShort(path, 299_999)],
    ['a byte too many', (path: string) => cutShort(path, 300_001)],
  ])('in the folder cut the connection where the answer is under way: %s', async (_, harm) => {
    const service = await aService({ logLevel: 'info' })
    await aClass(service)
    await harm(storedFile(service, plot('marie')))
    await expect(service.as('kevin').get('submission/math/ex1/marie')).rejects.toThrow()
    const log = service.log.join('')
    expect(log).toContain(sha256Of(plot('marie')))
    expect(log).toContain('ngshare verify --repair')
  })

  it('are no reason to hide the list of files', async () => {
    const service = await aService()
    await aClass(service)
    changeStoredBytes(service, notebook('lise'), damagedNotebook)
    const answer = await service.as('kevin').get('submission/math/ex1/lise', { list_only: 'true' })
    expect(answer.status).toBe(200)
  })

  it('that have no row any more do not shorten a submission', async () => {
    const service = await aService()
    await aClass(service)
    changeRows(service, 'delete from blobs where sha256 = ?', sha256Of(notebook('emmy')))
    expect((await service.as('kevin').get('submission/math/ex1/emmy')).status).toBe(500)
  })
})

async function expectRefusal(service: Service, student: string, sha256: string): Promise<void> {
  const answer = await service.as('kevin').get(`submission/math/ex1/${student}`)
  expect(answer).toMatchObject({
    status: 500,
    json: { success: false, message: 'A stored file is damaged on the server; tell its administrator.' },
  })
  expect(answer.headers.etag).toBeUndefined()
  expect(service.log.join('')).toContain(sha256)
  expect(service.log.join('')).toContain('ngshare verify --repair')
}

async function twoOrphans(service: Service): Promise<{ young: string; old: string }> {
  const store = await openDiskStore(service.storage)
  const place = async () => {
    const blob = await store.create()
    await blob.end('a'.repeat(64))
    return blob.place()
  }
  const [young, old] = [await place(), await place()]
  const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000)
  await utimes(join(service.storage, 'blobs', 'aa', old), twoDaysAgo, twoDaysAgo)
  return { young, old }
}

async function locations(service: Service): Promise<string[]> {
  return readdir(join(service.storage, 'blobs'), { recursive: true }).then(names =>
    names.map(name => name.split('/').at(-1) ?? ''),
  )
}
