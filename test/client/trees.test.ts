/** Directory trees on their way from a folder to the server, and back. */
import { chmod, mkdir, readdir, readFile, readlink, rename, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Client, createClient } from '../../src/client/client.ts'
import { Damaged, type DownloadOptions, downloadTree, LocalChanges } from '../../src/client/download.ts'
import { readLocalTree } from '../../src/client/local-tree.ts'
import { releaseTree, submissionTree } from '../../src/client/remote-trees.ts'
import { uploadTree } from '../../src/client/upload.ts'
import { aFolder, aService, type Service } from '../support/service.ts'
import { noise } from '../support/trees.ts'
import { aBadLine } from './bad-line.ts'

const large = noise(3_000_000)
const ps1 = { course: 'math', assignment: 'ps1' }

async function aClass(options: Parameters<typeof aService>[0] = {}) {
  const service = await aService(options)
  await service.aCourse('math', { instructors: ['kevin'], students: ['marie'] })
  return { service, kevin: asPerson(service, 'kevin'), marie: asPerson(service, 'marie') }
}

const asPerson = ({ port, prefix }: Pick<Service, 'port' | 'prefix'>, user: string) =>
  createClient({ url: `http://127.0.0.1:${port}${prefix}`, credentials: { user }, silenceMs: 5000 })

async function write(folder: string, files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}

async function contents(folder: string): Promise<Record<string, string>> {
  const paths = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = paths.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const texts = await Promise.all(
    files.map(async place => [place.slice(folder.length + 1), String(await readFile(place))]),
  )
  return Object.fromEntries(texts.toSorted())
}

const release = async (client: Client, folder: string, overwrite = false) =>
  uploadTree(client, {
    course: 'math',
    files: (await readLocalTree(folder)).files,
    store: body => client.call('releaseAssignment', { path: ps1, query: { overwrite }, body }),
  })

const submit = async (client: Client, folder: string, key: string) =>
  uploadTree(client, {
    course: 'math',
    files: (await readLocalTree(folder)).files,
    store: body => client.call('submitAssignment', { path: ps1, header: { 'idempotency-key': key }, body }),
  })

const failure = (asked: Promise<unknown>) =>
  asked.then(
    () => null,
    (error: unknown) => error,
  )

describe('a folder', () => {
  it('is read as a tree, without what nbgrader leaves out', async () => {
    const folder = await aFolder()
    await write(folder, {
      'ps1.ipynb': '{}',
      'data/points.csv': '1,2',
      '.ipynb_checkpoints/ps1-checkpoint.ipynb': '{}',
      'lib/__pycache__/lib.pyc': 'x',
      'lib/old.pyc': 'x',
    })
    const { files, leftOut } = await readLocalTree(folder)
    expect(files.map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([
      ['data/points.csv', 3],
      ['ps1.ipynb', 2],
    ])
    expect(leftOut).toEqual([])
  })

  it('is read by other patterns where they are given, as Python reads them', async () => {
    const folder = await aFolder()
    await write(folder, {
      'a.txt': '',
      'b.txt': '',
      'c1.md': '',
      'c2.md': '',
      'x+y(z).md': '',
      'deep/a.txt': '',
    })
    const paths = async (...ignore: string[]) =>
      (await readLocalTree(folder, { ignore })).files.map(({ path }) => path)
    expect(await paths('*.txt')).toEqual(['c1.md', 'c2.md', 'x+y(z).md'])
    expect(await paths('[!c]?.md', 'c[2-9].md', '*.txt', 'x+y(z).md')).toEqual(['c1.md'])
    expect(await paths('deep', 'c?.md', 'x*')).toEqual(['a.txt', 'b.txt'])
  })

  it('has files behind links, and tells what it leaves out', async () => {
    const [folder, elsewhere] = [await aFolder(), await aFolder()]
    await write(elsewhere, { 'shared.csv': 'data' })
    await symlink(join(elsewhere, 'shared.csv'), join(folder, 'shared.csv'))
    await symlink(elsewhere, join(folder, 'more'))
    await symlink('nowhere', join(folder, 'lost'))
    const { files, leftOut } = await readLocalTree(folder)
    expect(files.map(({ path }) => path)).toEqual(['shared.csv'])
    expect(leftOut).toEqual([
      { path: 'lost', reason: 'a link that leads nowhere' },
      { path: 'more', reason: 'a folder behind a link' },
    ])
  })
})

describe('an upload', () => {
  it('sends what the server lacks, once, and nothing that it has', async () => {
    const { service, kevin, marie } = await aClass()
    const folder = await aFolder()
    await write(folder, { 'ps1.ipynb': 'task', 'data.bin': large, 'again.bin': large })
    expect(await release(kevin, folder)).toMatchObject({
      stored: { version: 1, tree: { fileCount: 3 } },
      sent: { files: 2, sizeBytes: large.length + 4 },
    })
    await writeFile(join(folder, 'ps1.ipynb'), 'answer')
    const line = await aBadLine(service)
    const student = createClient({ url: line.url, credentials: { user: 'marie' } })
    expect(await submit(student, folder, 'first')).toMatchObject({ sent: { files: 1, sizeBytes: 6 } })
    expect(line.requests.map(request => request.split(' ')[0])).toEqual(['POST', 'PUT', 'POST'])
    expect((await submit(marie, folder, 'second')).sent).toEqual({ files: 0, sizeBytes: 0 })
  })

  it('goes on after a broken connection, and submits once', async () => {
    const { service, kevin, marie } = await aClass()
    const folder = await aFolder()
    await write(folder, { 'ps1.ipynb': 'task' })
    await release(kevin, folder)
    await write(folder, { 'one.bin': large, 'two.bin': noise(200_000) })
    const line = await aBadLine(service)
    line.expect({ kind: 'pass' }, { kind: 'cut', afterBytes: 0 }, { kind: 'answer', status: 502 })
    const student = createClient({ url: line.url, credentials: { user: 'marie' } })
    const { stored } = await submit(student, folder, 'once')
    const { items } = await marie.call('listSubmissions')
    expect(items.map(({ id }) => id)).toEqual([stored.id])
  })

  it('remembers which files are executable', async () => {
    const { kevin } = await aClass()
    const [folder, copy] = [await aFolder(), await aFolder()]
    await write(folder, { 'run.sh': 'echo', 'read.me': 'text' })
    await chmod(join(folder, 'run.sh'), 0o755)
    await release(kevin, folder)
    await downloadTree({
      tree: releaseTree(kevin, { ...ps1, version: 1 }),
      to: join(copy, 'ps1'),
      others: 'remove',
      replace: false,
    })
    const modeOf = async (name: string) => (await stat(join(copy, 'ps1', name))).mode & 0o111
    expect([(await modeOf('run.sh')) > 0, await modeOf('read.me')]).toEqual([true, 0])
  })

  it('of a file that is too large fails with the words of the server', async () => {
    const { kevin } = await aClass({ maxFileBytes: 100_000 })
    const folder = await aFolder()
    await write(folder, { 'data.bin': large })
    expect(await failure(release(kevin, folder))).toMatchObject({
      status: 413,
      code: 'too-large',
      detail: expect.stringContaining('100000 bytes for a file'),
    })
  })

  it('of a file that somebody is writing to fails, and says which', async () => {
    const { kevin } = await aClass()
    const folder = await aFolder()
    await write(folder, { 'ps1.ipynb': 'task' })
    const { files } = await readLocalTree(folder)
    await writeFile(join(folder, 'ps1.ipynb'), 'something else')
    const store = (body: Parameters<typeof kevin.call<'releaseAssignment'>>[1]['body']) =>
      kevin.call('releaseAssignment', { path: ps1, body })
    const error = await failure(uploadTree(kevin, { course: 'math', files, store }))
    expect(String(error)).toContain('ps1.ipynb changed while it was read')
  })
})

describe('a download', () => {
  async function released(files: Record<string, string | Buffer>) {
    const world = await aClass()
    const folder = await aFolder()
    await write(folder, files)
    await release(world.kevin, folder)
    const to = join(await aFolder(), 'ps1')
    const get = (options: { client?: Client; version?: number } & Partial<DownloadOptions> = {}) => {
      const { client = world.marie, version = 1, ...more } = options
      const tree = releaseTree(client, { ...ps1, version })
      return downloadTree({ tree, to, others: 'remove', replace: false, ...more })
    }
    return { ...world, folder, to, get }
  }

  it('brings the whole tree, and the second time nothing', async () => {
    const { get, to } = await released({ 'ps1.ipynb': 'task', 'data/points.csv': '1,2', empty: '' })
    expect(await get()).toEqual({ outcome: 'new', files: 3, sizeBytes: 7 })
    expect(await contents(to)).toEqual({ 'data/points.csv': '1,2', empty: '', 'ps1.ipynb': 'task' })
    expect(await get()).toEqual({ outcome: 'unchanged', files: 0, sizeBytes: 0 })
  })

  it('of a newer version brings only what has changed, and takes away what is gone', async () => {
    const { kevin, folder, get, to } = await released({ 'ps1.ipynb': 'task', 'data.bin': large, old: 'x' })
    await get()
    await writeFile(join(folder, 'ps1.ipynb'), 'corrected')
    await rename(join(folder, 'old'), join(folder, 'new'))
    await release(kevin, folder, true)
    expect(await get({ version: 2, replace: true })).toEqual({ outcome: 'replaced', files: 2, sizeBytes: 10 })
    expect(Object.keys(await contents(to))).toEqual(['data.bin', 'new', 'ps1.ipynb'])
    expect(await readdir(dirname(to))).toEqual(['ps1'])
  })

  it('never takes away work of a person who did not ask for it', async () => {
    const { get, to } = await released({ 'ps1.ipynb': 'task' })
    await get()
    await write(to, { 'ps1.ipynb': 'my answer', 'notes.txt': 'mine' })
    const error = await failure(get())
    expect(error).toBeInstanceOf(LocalChanges)
    expect(error).toMatchObject({ paths: expect.arrayContaining(['ps1.ipynb', 'notes.txt']) })
    expect(await contents(to)).toEqual({ 'notes.txt': 'mine', 'ps1.ipynb': 'my answer' })
    expect((await get({ replace: true })).outcome).toBe('replaced')
    expect(await contents(to)).toEqual({ 'ps1.ipynb': 'task' })
  })

  it('keeps what a person has beside it, where that is wanted', async () => {
    const { get, to } = await released({ 'ps1.ipynb': 'task', 'data/points.csv': '1,2' })
    await write(to, { 'notes/mine.txt': 'mine' })
    await mkdir(join(to, 'empty'))
    await symlink('notes/mine.txt', join(to, 'link'))
    expect(await get({ others: 'keep' })).toMatchObject({ outcome: 'replaced', files: 2 })
    expect(await contents(to)).toEqual({
      'data/points.csv': '1,2',
      'notes/mine.txt': 'mine',
      'ps1.ipynb': 'task',
    })
    expect(await readlink(join(to, 'link'))).toBe('notes/mine.txt')
    expect((await readdir(to)).includes('empty')).toBe(true)
    expect((await get({ others: 'keep' })).outcome).toBe('unchanged')
  })

  it('asks before it takes away a file where it needs a folder, and the other way round', async () => {
    const { get, to } = await released({ 'ps1.ipynb': 'task', 'data/points.csv': '1,2' })
    await write(to, { data: 'a file', 'ps1.ipynb/inside.txt': 'in a folder' })
    expect(await failure(get({ others: 'keep' }))).toMatchObject({ paths: ['data', 'ps1.ipynb/inside.txt'] })
    await get({ others: 'keep', replace: true })
    expect(await contents(to)).toEqual({ 'data/points.csv': '1,2', 'ps1.ipynb': 'task' })
  })

  it('goes on where the connection broke', async () => {
    const { service, get, to } = await released({ 'data.bin': large })
    const line = await aBadLine(service)
    line.expect({ kind: 'pass' }, { kind: 'cut', afterBytes: 1_000_000 })
    const client = createClient({ url: line.url, credentials: { user: 'marie' } })
    expect(await get({ client })).toEqual({ outcome: 'new', files: 1, sizeBytes: large.length })
    expect(Buffer.compare(await readFile(join(to, 'data.bin')), large)).toBe(0)
    expect(line.requests).toHaveLength(3)
  })

  it('that fails leaves the old copy as it was, and nothing beside it', async () => {
    const { service, kevin, folder, get, to } = await released({ 'ps1.ipynb': 'task' })
    await get()
    await write(folder, { 'data.bin': large })
    await release(kevin, folder, true)
    const line = await aBadLine(service)
    const wrong = { kind: 'answer', status: 200, body: 'something else' } as const
    line.expect({ kind: 'pass' }, wrong)
    const client = createClient({ url: line.url, credentials: { user: 'marie' } })
    expect(await failure(get({ client, version: 2, replace: true }))).toBeInstanceOf(Damaged)
    expect(await contents(to)).toEqual({ 'ps1.ipynb': 'task' })
    expect(await readdir(dirname(to))).toEqual(['ps1'])
  })

  it('finds the old copy where a killed one has put it', async () => {
    const { get, to } = await released({ 'ps1.ipynb': 'task' })
    await get()
    await rename(to, join(dirname(to), '.ps1.ngshare-old'))
    await write(join(dirname(to), '.ps1.ngshare-new'), { half: 'of it' })
    expect((await get()).outcome).toBe('unchanged')
    expect(await readdir(dirname(to))).toEqual(['ps1'])
  })

  it('of a submission may have notes of ours with it', async () => {
    const { marie, folder } = await released({ 'ps1.ipynb': 'task' })
    await write(folder, { 'timestamp.txt': 'long ago' })
    const { stored } = await submit(marie, folder, 'key')
    const to = join(await aFolder(), 'marie')
    const get = () =>
      downloadTree({
        tree: submissionTree(marie, { submission: stored.id }),
        to,
        notes: { 'timestamp.txt': 'now' },
        others: 'remove',
        replace: true,
      })
    await get()
    expect(await contents(to)).toEqual({ 'ps1.ipynb': 'task', 'timestamp.txt': 'now' })
    expect((await get()).outcome).toBe('unchanged')
  })
})
