/** Each call of §9.1: what it answers, and its failures in their order. */
import { execFileSync } from 'node:child_process'
import { chmodSync, lstatSync, readdirSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { changingCalls, type FileCallName, fileCalls } from '../../src/vserver/files/calls.ts'
import { aWorld, base64, failure, linkTarget, type Tree, type World } from './world.ts'

let world: World
afterEach(() => world.end())

async function inWorld(tree: Tree): Promise<World> {
  world = await aWorld(tree)
  return world
}

const onePathCalls = Object.keys(fileCalls).filter(call => !call.startsWith('copy')) as FileCallName[]

describe('every call', () => {
  it.each(onePathCalls)('%s asks for an absolute path first', async call => {
    const { ask } = await inWorld({})
    expect(await ask(call, {})).toEqual(failure('Please supply pathname using HTTP GET'))
    expect(await ask(call, { pathname: '' })).toEqual(failure('pathname should be absolute'))
    expect(await ask(call, { pathname: 'file' })).toEqual(failure('pathname should be absolute'))
  })

  it.each(['copy', 'copytree'] as const)('%s asks for src, then for dst', async call => {
    const { ask } = await inWorld({})
    expect(await ask(call, { dst: '/x' })).toEqual(failure('Please supply src using HTTP GET'))
    expect(await ask(call, { src: 'x' })).toEqual(failure('src should be absolute'))
    expect(await ask(call, { src: '/x' })).toEqual(failure('Please supply dst using HTTP GET'))
    expect(await ask(call, { src: '/x', dst: 'x' })).toEqual(failure('dst should be absolute'))
  })

  it('is one of sixteen, of which six change something', () => {
    expect(Object.keys(fileCalls)).toHaveLength(16)
    expect([...changingCalls]).toEqual(['write', 'mkdir', 'chmod', 'copy', 'copytree', 'rmtree'])
  })
})

describe('read', () => {
  it('answers base64 in lines of 76 characters', async () => {
    const { ask } = await inWorld({ empty: '', file: 'x'.repeat(58) })
    expect(await ask('read', { pathname: '/empty' })).toEqual({ content: '' })
    expect(await ask('read', { pathname: '/file' })).toEqual({ content: `${'eHh4'.repeat(19)}\neA==\n` })
  })

  it('does not find what is missing, a link that leads nowhere, or a NUL', async () => {
    const { ask, rootFolder } = await inWorld({ dangling: { link: 'nowhere' } })
    for (const pathname of ['/missing', '/dangling']) {
      expect(await ask('read', { pathname })).toEqual(
        failure(`File '${rootFolder}${pathname}' does not exist`),
      )
    }
    const nul = await ask('read', { pathname: '/it\'s"\0\n' })
    expect(nul).toEqual(failure(`File '${rootFolder}/it\\'s"\\x00\\n' does not exist`))
    const quoted = await ask('read', { pathname: "/it's" })
    expect(quoted).toEqual(failure(`File "${rootFolder}/it's" does not exist`))
  })

  it('fails on a folder in the words of Python', async () => {
    const { ask, rootFolder } = await inWorld({ folder: null })
    expect(await ask('read', { pathname: '/folder' })).toEqual(
      failure(`Exception: "IsADirectoryError: [Errno 21] Is a directory: '${rootFolder}/folder'"`),
    )
  })

  it('does not wait for a FIFO', async () => {
    const { ask, rootFolder } = await inWorld({})
    execFileSync('mkfifo', [join(rootFolder, 'fifo')])
    const message = `Exception: "OSError: [Errno 6] No such device or address: '${rootFolder}/fifo'"`
    expect(await ask('read', { pathname: '/fifo' })).toEqual(failure(message))
    expect(await ask('write', { pathname: '/fifo', content: '' })).toEqual(failure(message))
    for (const args of [{ src: '/fifo', dst: '/new' }]) {
      expect(await ask('copy', args)).toEqual(
        failure(`Exception: 'shutil.SpecialFileError: \`${rootFolder}/fifo\` is a named pipe'`),
      )
    }
    expect(await ask('exists', { pathname: '/fifo' })).toEqual({ exists: true })
    expect(await ask('isfile', { pathname: '/fifo' })).toEqual({ isfile: false })
  })
})

describe('write', () => {
  it('makes a file, or empties the one that is there, and says how much it wrote', async () => {
    const { ask, contentOf, rootFolder } = await inWorld({ file: 'longer than what follows' })
    const real = `${rootFolder}/file`
    expect(await ask('write', { pathname: '/file', content: base64('new') })).toEqual({
      length: 3,
      pathname: real,
      message: `Written 3 bytes to '${real}'`,
    })
    expect(contentOf('file')).toBe('new')
    await ask('write', { pathname: '/made', content: '' })
    expect(contentOf('made')).toBe('')
  })

  it('makes the file that a dangling link leads to', async () => {
    const { ask, contentOf, rootFolder } = await inWorld({ link: { link: 'folder/new' }, folder: null })
    await ask('write', { pathname: '/link', content: base64('through') })
    expect(contentOf('folder/new')).toBe('through')
    expect(linkTarget(join(rootFolder, 'link'))).toBe('folder/new')
  })

  it('refuses for content first, then for the folder, then for the file', async () => {
    const { ask, rootFolder } = await inWorld({ folder: null, file: '' })
    const missing = { pathname: '/missing/file' }
    expect(await ask('write', missing)).toEqual(failure('Please supply content using HTTP GET'))
    expect(await ask('write', { ...missing, content: 'a' })).toEqual(
      failure('Content cannot be base64 decoded'),
    )
    const content = ''
    expect(await ask('write', { ...missing, content })).toEqual(
      failure(`Directory '${rootFolder}/missing' does not exist`),
    )
    expect(await ask('write', { pathname: '/file/x', content })).toEqual(
      failure(`Directory '${rootFolder}/file' does not exist`),
    )
    expect(await ask('write', { pathname: '/folder', content })).toEqual(
      failure(`Exception: "IsADirectoryError: [Errno 21] Is a directory: '${rootFolder}/folder'"`),
    )
    expect(await ask('write', { pathname: '/\0', content })).toEqual(
      failure("Exception: 'ValueError: embedded null byte'"),
    )
  })
})

describe('ls', () => {
  it('lists a folder, hidden names included', async () => {
    const { ask } = await inWorld({ 'a/.hidden': '', 'a/b/c': '', link: { link: 'a' } })
    for (const pathname of ['/a', '/a/', '/link', '/link/../a']) {
      const { content } = await ask('ls', { pathname })
      expect((content as string[]).sort()).toEqual(['.hidden', 'b'])
    }
  })

  it('refuses what is missing, then what is no folder', async () => {
    const { ask } = await inWorld({ file: '' })
    expect(await ask('ls', { pathname: '/missing' })).toEqual(failure('pathname does not exist'))
    expect(await ask('ls', { pathname: '/file' })).toEqual(failure('pathname is not directory'))
  })
})

describe('mkdir', () => {
  it('makes one folder, and those above it only for parent=1', async () => {
    const { ask, exists } = await inWorld({})
    expect(await ask('mkdir', { pathname: '/a/b' })).toEqual(failure('No such file or directory'))
    expect(await ask('mkdir', { pathname: '/a/b', parent: 'true' })).toEqual(
      failure('No such file or directory'),
    )
    expect(await ask('mkdir', { pathname: '/a/b/c/', parent: '1' })).toEqual({})
    expect(await ask('mkdir', { pathname: '/a/d' })).toEqual({})
    expect([exists('a/b/c'), exists('a/d')]).toEqual([true, true])
  })

  it('refuses what exists: a folder, a file, a dangling link, the root', async () => {
    const { ask } = await inWorld({ folder: null, file: '', dangling: { link: 'nowhere' } })
    for (const pathname of ['/folder', '/file', '/dangling', '/', '/..', '/folder/.']) {
      for (const parent of ['0', '1']) {
        expect(await ask('mkdir', { pathname, parent })).toEqual(failure('File exists'))
      }
    }
  })

  it('says what else is wrong in the words of the system', async () => {
    const { ask } = await inWorld({ file: '', loop: { link: 'loop' } })
    expect(await ask('mkdir', { pathname: '/file/x' })).toEqual(failure('Not a directory'))
    expect(await ask('mkdir', { pathname: `/${'n'.repeat(256)}` })).toEqual(failure('File name too long'))
    expect(await ask('mkdir', { pathname: `/${'n/'.repeat(2100)}`, parent: '1' })).toEqual(
      failure('File name too long'),
    )
    expect(await ask('mkdir', { pathname: '/loop/x' })).toEqual(failure('Too many levels of symbolic links'))
    expect(await ask('mkdir', { pathname: '/a\0b' })).toEqual(
      failure('pathname must not contain a NUL character'),
    )
  })
})

describe('chmod', () => {
  it('reads the mode as a decimal number, as Python does', async () => {
    const { ask, rootFolder } = await inWorld({ file: '' })
    const modes = { '420': 0o644, '0644': 0o1204, ' 384 ': 0o600, '4_20': 0o644, '-1': 0o7777 }
    for (const [mode, expected] of Object.entries(modes)) {
      expect(await ask('chmod', { pathname: '/file', mode })).toEqual({})
      expect(statSync(join(rootFolder, 'file')).mode & 0o7777).toBe(expected)
    }
  })

  it('refuses what is missing first, then what is no number', async () => {
    const { ask } = await inWorld({ file: '' })
    expect(await ask('chmod', { pathname: '/missing', mode: '0o644' })).toEqual(
      failure('pathname does not exist'),
    )
    for (const args of [{ mode: '0o644' }, { mode: '' }, {}]) {
      expect(await ask('chmod', { pathname: '/file', ...args })).toEqual(
        failure('Please supply mode in integer using HTTP GET'),
      )
    }
    expect(await ask('chmod', { pathname: '/file', mode: '2147483648' })).toEqual(
      failure('mode must fit in 32 bits'),
    )
  })

  it('changes the file that a link leads to', async () => {
    const { ask, rootFolder } = await inWorld({ file: '', link: { link: 'file' } })
    await ask('chmod', { pathname: '/link', mode: '256' })
    expect(statSync(join(rootFolder, 'file')).mode & 0o7777).toBe(0o400)
  })
})

describe('stat', () => {
  it('tells about the file behind links, times in seconds', async () => {
    const { ask, rootFolder } = await inWorld({ file: 'four', link: { link: 'file' } })
    chmodSync(join(rootFolder, 'file'), 0o644)
    utimesSync(join(rootFolder, 'file'), 1_000_000_000.25, new Date(-1500))
    const { uid, gid, ctimeMs } = statSync(join(rootFolder, 'file'))
    const fields = await ask('stat', { pathname: '/link' })
    expect(fields).toMatchObject({ mode: 33188, uid, gid, size: 4, atime: 1_000_000_000.25, mtime: -1.5 })
    expect(Math.abs((fields.ctime as number) * 1000 - ctimeMs)).toBeLessThan(1)
    expect(await ask('stat', { pathname: '/missing' })).toEqual(failure('pathname does not exist'))
  })
})

describe('glob', () => {
  it('answers real paths and never fails', async () => {
    const { ask, rootFolder } = await inWorld({
      'a/x.py': '',
      'b/.y.py': '',
      'c[1]': '',
      dangling: { link: 'nowhere' },
    })
    const glob = async (pathname: string) => ((await ask('glob', { pathname })).content as string[]).sort()
    expect(await glob('/*/*.py')).toEqual([`${rootFolder}/a/x.py`])
    expect(await glob('/**/.*')).toEqual([`${rootFolder}/b/.y.py`])
    expect(await glob('/[!c]/')).toEqual([`${rootFolder}/a/`, `${rootFolder}/b/`])
    expect(await glob('/a/../c[[]1]')).toEqual([`${rootFolder}/a/../c[1]`])
    expect(await glob('/dangling')).toEqual([`${rootFolder}/dangling`])
    for (const none of ['/missing', '/missing/*', '/a/x.py/*', '/\0', '/\0*', '/{a,b}'])
      expect(await glob(none)).toEqual([])
  })

  it('takes no part of the root folder for a pattern', async () => {
    const { openRoot } = await import('../../src/vserver/files/root.ts')
    const { rootFolder } = await inWorld({ 'a[b]c*/file': '', 'abc/other': '' })
    const root = await openRoot(join(rootFolder, 'a[b]c*'))
    const arguments_ = { pathname: '/*' } as Record<string, string>
    const { defaultFileLimits } = await import('../../src/vserver/files/calls.ts')
    const { content } = await fileCalls.glob(root, name => arguments_[name], defaultFileLimits)
    root.close()
    expect(content).toEqual([`${rootFolder}/a[b]c*/file`])
  })
})

describe('walk', () => {
  it('goes from the top down without the root folder, and tells linked folders without entering them', async () => {
    const { ask } = await inWorld({ 'a/b/c': '', 'a/link': { link: 'b' }, 'a/dangling': { link: 'nowhere' } })
    const walk = async (pathname: string) =>
      ((await ask('walk', { pathname })).content as [string, string[], string[]][]).map(
        ([folder, folders, files]) => [folder, folders.sort(), files.sort()],
      )
    expect(await walk('/')).toEqual([
      ['/', ['a'], []],
      ['/a', ['b', 'link'], ['dangling']],
      ['/a/b', [], ['c']],
    ])
    expect((await walk('/a/'))[0]?.[0]).toBe('/a/')
    expect((await walk('/a/'))[1]?.[0]).toBe('/a/b')
    expect(await walk('/a/link')).toEqual([['/a/link', [], ['c']]])
    for (const none of ['/a/b/c', '/missing', '/\0']) expect(await walk(none)).toEqual([])
  })
})

describe('exists, isdir, isfile, islink', () => {
  it('follow links, but for islink', async () => {
    const { ask } = await inWorld({
      folder: null,
      file: '',
      a: { link: 'folder' },
      b: { link: 'file' },
      c: { link: 'nowhere' },
    })
    const facts = async (pathname: string) =>
      Object.assign(
        {},
        ...(await Promise.all(
          (['exists', 'isdir', 'isfile', 'islink'] as const).map(call => ask(call, { pathname })),
        )),
      )
    expect(await facts('/folder')).toEqual({ exists: true, isdir: true, isfile: false, islink: false })
    expect(await facts('/file')).toEqual({ exists: true, isdir: false, isfile: true, islink: false })
    expect(await facts('/a')).toEqual({ exists: true, isdir: true, isfile: false, islink: true })
    expect(await facts('/a/')).toEqual({ exists: true, isdir: true, isfile: false, islink: false })
    expect(await facts('/b')).toEqual({ exists: true, isdir: false, isfile: true, islink: true })
    expect(await facts('/c')).toEqual({ exists: false, isdir: false, isfile: false, islink: true })
    expect(await facts('/missing')).toEqual({ exists: false, isdir: false, isfile: false, islink: false })
    expect(await facts('/\0')).toEqual({ exists: false, isdir: false, isfile: false, islink: false })
  })
})

describe('ismount', () => {
  it('is true for the root, and false for folders and links in it', async () => {
    const { ask } = await inWorld({ folder: null, link: { link: '.' } })
    for (const pathname of ['/', '/.', '/..', '/folder/..']) {
      expect(await ask('ismount', { pathname })).toEqual({ ismount: true })
    }
    for (const pathname of ['/folder', '/link', '/missing']) {
      expect(await ask('ismount', { pathname })).toEqual({ ismount: false })
    }
  })
})

describe('copy', () => {
  it('copies bytes and mode, into a folder if that is the target', async () => {
    const { ask, contentOf, rootFolder } = await inWorld({
      file: 'content',
      folder: null,
      link: { link: 'file' },
    })
    chmodSync(join(rootFolder, 'file'), 0o751)
    expect(await ask('copy', { src: '/link', dst: '/new' })).toEqual({})
    expect(await ask('copy', { src: '/file', dst: '/folder' })).toEqual({})
    for (const name of ['new', 'folder/file']) {
      expect(contentOf(name)).toBe('content')
      expect(lstatSync(join(rootFolder, name)).mode).toBe(0o100751)
    }
  })

  it('fails in the words of Python', async () => {
    const { ask, rootFolder } = await inWorld({ file: '', folder: null, same: { link: 'file' } })
    const fail = async (src: string, dst: string) => (await ask('copy', { src, dst })).message
    expect(await fail('/missing', '/new')).toBe(
      `Exception: "FileNotFoundError: [Errno 2] No such file or directory: '${rootFolder}/missing'"`,
    )
    expect(await fail('/folder', '/new')).toBe(
      `Exception: "IsADirectoryError: [Errno 21] Is a directory: '${rootFolder}/folder'"`,
    )
    expect(await fail('/file', '/same')).toBe(
      `Exception: "shutil.SameFileError: '${rootFolder}/file' and '${rootFolder}/same' are the same file"`,
    )
    expect(await fail('/file', '/missing/')).toBe(
      `Exception: 'FileNotFoundError: Directory does not exist: ${rootFolder}/missing/'`,
    )
  })
})

describe('copytree', () => {
  const tree = { 'a/x.py': 'x', 'a/sub/y.PY': 'y', 'a/sub/z.py': 'z', 'a/link': { link: 'x.py' } }

  it('makes parents, follows links, and keeps modes and times', async () => {
    const { ask, contentOf, rootFolder } = await inWorld(tree)
    chmodSync(join(rootFolder, 'a/sub'), 0o711)
    utimesSync(join(rootFolder, 'a/sub'), 1e9, 1e9)
    utimesSync(join(rootFolder, 'a/x.py'), 1e9, 1_234_567_890.123456)
    utimesSync(join(rootFolder, 'a/sub/z.py'), 1e9, new Date(-1500))
    expect(await ask('copytree', { src: '/a', dst: '/new/er' })).toEqual({})
    expect(contentOf('new/er/sub/z.py')).toBe('z')
    expect(lstatSync(join(rootFolder, 'new/er/link')).isFile()).toBe(true)
    expect(statSync(join(rootFolder, 'new/er/sub')).mode & 0o777).toBe(0o711)
    expect(statSync(join(rootFolder, 'new/er/sub')).mtimeMs).toBe(1e12)
    for (const name of ['x.py', 'sub/y.PY', 'sub/z.py']) {
      const [original, copy] = await Promise.all(
        ['/a', '/new/er'].map(at => ask('stat', { pathname: `${at}/${name}` })),
      )
      expect(copy).toMatchObject({ mode: original?.mode, mtime: original?.mtime })
    }
  })

  it('leaves out what matches a pattern, folders and files alike', async () => {
    const copied = async (ignore: string) => {
      const { ask, rootFolder, end } = await aWorld(tree)
      const answer = await ask('copytree', { src: '/a', dst: '/new', ignore })
      const names =
        'success' in answer
          ? answer.message
          : readdirSync(join(rootFolder, 'new'), { recursive: true }).sort()
      end()
      return names
    }
    world = await aWorld()
    expect(await copied('[]')).toEqual(['link', 'sub', 'sub/y.PY', 'sub/z.py', 'x.py'])
    expect(await copied('["*.py", "l?nk"]')).toEqual(['sub', 'sub/y.PY'])
    expect(await copied('["sub"]')).toEqual(['link', 'x.py'])
    expect(await copied('"*"')).toEqual([])
    expect(await copied('')).toBe(
      "Exception: 'json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)'",
    )
    expect(await copied('null')).toBe(
      "Exception: 'TypeError: shutil.ignore_patterns() argument after * must be an iterable, not NoneType'",
    )
  })

  it('refuses a target that exists, then a source that does not', async () => {
    const { ask, rootFolder } = await inWorld({ file: '', folder: null })
    expect(await ask('copytree', { src: '/missing', dst: '/folder' })).toEqual(failure('File exists'))
    expect(await ask('copytree', { src: '/missing', dst: '/new' })).toEqual(
      failure('No such file or directory'),
    )
    expect(await ask('copytree', { src: '/file', dst: '/new' })).toEqual(
      failure(`Exception: "NotADirectoryError: [Errno 20] Not a directory: '${rootFolder}/file'"`),
    )
  })

  it('goes on after a dangling link, and tells about it at the end', async () => {
    const { ask, contentOf, rootFolder } = await inWorld({
      'a/sub/dangling': { link: 'nowhere' },
      'a/sub/z': 'z',
      'a/y': 'y',
    })
    const { message } = await ask('copytree', { src: '/a', dst: '/b' })
    const failed = ['a', 'b'].map(name => `'${rootFolder}/${name}/sub/dangling'`).join(', ')
    expect(message).toContain(
      `shutil.Error: [(${failed}, "[Errno 2] No such file or directory: '${rootFolder}/a/`.replaceAll(
        "'",
        "\\'",
      ),
    )
    expect([contentOf('b/y'), contentOf('b/sub/z')]).toEqual(['y', 'z'])
  })
})

describe('rmtree', () => {
  it('removes a folder and all in it, links and not what they lead to', async () => {
    const { ask, exists } = await inWorld({ 'a/b/c': '', 'a/link': { link: '../kept' }, 'kept/file': '' })
    expect(await ask('rmtree', { pathname: '/a/' })).toEqual({})
    expect([exists('a'), exists('kept/file')]).toEqual([false, true])
  })

  it('refuses what is missing, then files and links', async () => {
    const { ask, rootFolder, exists } = await inWorld({
      file: '',
      'folder/file': '',
      link: { link: 'folder' },
    })
    expect(await ask('rmtree', { pathname: '/missing' })).toEqual(failure('No such file or directory'))
    expect(await ask('rmtree', { pathname: '/file' })).toEqual(
      failure(`Exception: "NotADirectoryError: [Errno 20] Not a directory: '${rootFolder}/file'"`),
    )
    expect(await ask('rmtree', { pathname: '/link' })).toEqual(
      failure("Exception: 'OSError: Cannot call rmtree on a symbolic link'"),
    )
    expect([exists('file'), exists('folder/file')]).toEqual([true, true])
  })

  it('does not touch the root', async () => {
    const { ask, rootFolder, exists } = await inWorld({ 'a/b': '' })
    for (const pathname of ['/', '//', '/.', '/..', '/a/..', '/a/../..']) {
      const { message } = await ask('rmtree', { pathname })
      expect(message).toBe(
        `Exception: "OSError: [Errno 16] Device or resource busy: '${rootFolder}${pathname}'"`,
      )
    }
    expect(exists('a/b')).toBe(true)
  })

  it('removes folders that are deeper than a path can be long', async () => {
    const { ask, exists } = await inWorld({ deep: null })
    const [name, levels] = ['d'.repeat(200), 18]
    const path = `/${`${name}/`.repeat(levels)}`
    // Each turn makes a folder with nearly the longest path and moves what is there to its bottom.
    const { renameSync } = await import('node:fs')
    for (let turn = 0; turn < 3; turn++) {
      await ask('mkdir', { pathname: path, parent: '1' })
      renameSync(join(world.rootFolder, 'deep'), join(world.rootFolder, path, 'deep'))
      renameSync(join(world.rootFolder, name), join(world.rootFolder, 'deep'))
    }
    expect(await ask('rmtree', { pathname: '/deep' }, { maxDepth: 50 })).toEqual(
      failure('More than 50 folders within each other'),
    )
    expect(await ask('rmtree', { pathname: '/deep' })).toEqual({})
    expect(exists('deep')).toBe(false)
  })
})
