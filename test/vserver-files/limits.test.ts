/** What one call may take, and that it gives back what it took. */
import { readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultFileLimits, fileCalls } from '../../src/vserver/files/calls.ts'
import { openRoot } from '../../src/vserver/files/root.ts'
import { aWorld, base64, failure, openHandles, type World } from './world.ts'

let world: World
beforeEach(async () => {
  world = await aWorld({
    'a/1': 'x',
    'a/2': 'x',
    'a/b/3': 'x',
    'a/b/c/4': 'x',
    link: { link: 'a/b' },
    loop: { link: 'loop' },
  })
})
afterEach(() => world.end())

describe('limits', () => {
  it('hold for the size of a file', async () => {
    const limits = { maxFileBytes: 10 }
    world.plant({ ten: '0123456789', eleven: '0123456789+' })
    expect(await world.ask('read', { pathname: '/ten' }, limits)).toEqual({ content: 'MDEyMzQ1Njc4OQ==\n' })
    expect(await world.ask('read', { pathname: '/eleven' }, limits)).toEqual(
      failure(`File '${world.rootFolder}/eleven' has more than 10 bytes`),
    )
    expect(await world.ask('write', { pathname: '/ten', content: base64('0123456789+') }, limits)).toEqual(
      failure('Content has more than 10 bytes'),
    )
    expect(world.contentOf('ten')).toBe('0123456789')
  })

  it('hold for the entries that ls, glob, walk and copytree look at', async () => {
    const tooMany = (count: number) => failure(`This call would look at more than ${count} entries`)
    expect(await world.ask('ls', { pathname: '/a' }, { maxEntries: 2 })).toEqual(tooMany(2))
    expect(await world.ask('ls', { pathname: '/a' }, { maxEntries: 3 })).toHaveProperty('content')
    expect(await world.ask('glob', { pathname: '/*/*/*' }, { maxEntries: 5 })).toEqual(tooMany(5))
    expect(await world.ask('walk', { pathname: '/' }, { maxEntries: 6 })).toEqual(tooMany(6))
    expect(await world.ask('copytree', { src: '/a', dst: '/new' }, { maxEntries: 4 })).toEqual(tooMany(4))
    const explosive = `/${'*/../'.repeat(50)}*`
    expect(await world.ask('glob', { pathname: explosive }, { maxEntries: 1000 })).toEqual(tooMany(1000))
  })

  it('hold for the bytes of a copy', async () => {
    world.plant({ big: 'x'.repeat(1000) })
    const tooMuch = failure('This call would copy more than 999 bytes')
    expect(await world.ask('copy', { src: '/big', dst: '/new' }, { maxCopyBytes: 999 })).toEqual(tooMuch)
    expect(world.exists('new')).toBe(false)
    world.plant({ 'tree/a': 'x'.repeat(500), 'tree/b': 'x'.repeat(500) })
    expect(await world.ask('copytree', { src: '/tree', dst: '/new' }, { maxCopyBytes: 999 })).toEqual(tooMuch)
  })

  it('end a copy of a folder into itself, and one of links that multiply', async () => {
    world.plant({ 'self/b/c': '' })
    const { message } = await world.ask('copytree', { src: '/self', dst: '/self/b/new' })
    expect(message).toContain('Cannot copy a directory')
    expect(world.exists('self/b/new/b/c')).toBe(true)
    world.plant({ 'twins/a': { link: '.' }, 'twins/b': { link: '.' } })
    expect(await world.ask('copytree', { src: '/twins', dst: '/copy' }, { maxEntries: 1000 })).toEqual(
      failure('This call would look at more than 1000 entries'),
    )
  })

  it('let other work run during a long call', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await world.ask('glob', { pathname: `/${'*/../'.repeat(50)}*` })
    clearInterval(timer)
    expect(turns).toBeGreaterThan(2)
  })
})

it('every call closes its handles, whether it works or fails', async () => {
  const paths = [
    '/',
    '/a',
    '/a/',
    '/a/1',
    '/a/1/x',
    '/link',
    '/link/c/4',
    '/loop',
    '/missing',
    '/missing/x',
    '/a/../..',
    '/\0',
  ]
  const round = async () => {
    for (const [call, handler] of Object.entries(fileCalls)) {
      for (const pathname of paths) {
        for (const maxEntries of [2, 1000]) {
          const args: Record<string, string> = {
            pathname,
            src: pathname,
            dst: '/new/er',
            content: '',
            parent: '1',
            mode: '448',
          }
          if (call === 'rmtree' && pathname !== '/loop') args.pathname = '/new'
          if (call === 'write' && pathname === '/a/1') args.content = 'eA=='
          const limits = { ...defaultFileLimits, maxEntries, maxCopyBytes: maxEntries }
          await handler(world.root, name => args[name], limits).catch(() => undefined)
        }
      }
    }
  }
  await round()
  const before = openHandles()
  for (let i = 0; i < 5; i++) await round()
  expect(openHandles()).toBe(before)
})

describe('the root', () => {
  it('must be a folder, and not the whole disk', async () => {
    world.plant({ file: '' })
    symlinkSync('/', join(world.folder, 'everything'))
    await expect(openRoot('/')).rejects.toThrow('must not be /')
    await expect(openRoot('/../.')).rejects.toThrow('must not be /')
    await expect(openRoot(join(world.folder, 'everything'))).rejects.toThrow('must not be /')
    await expect(openRoot(join(world.rootFolder, 'missing'))).rejects.toThrow('does not exist')
    await expect(openRoot(join(world.rootFolder, 'file'))).rejects.toThrow('is not a folder')
  })

  it('may be named by a link, and is then named so in answers', async () => {
    const name = join(world.folder, 'name')
    symlinkSync('root', name)
    const inRoot = (target: string) =>
      symlinkSync(target, join(world.rootFolder, `to ${readdirSync(world.rootFolder).length}`))
    const root = await openRoot(`${name}/`)
    inRoot(`${name}/a/1`)
    inRoot(`${world.rootFolder}/a/1`)
    const args: Record<string, string> = { pathname: '/to*' }
    const { content } = await fileCalls.glob(root, key => args[key], defaultFileLimits)
    expect((content as string[]).every(path => path.startsWith(`${name}/to `))).toBe(true)
    for (const path of content as string[]) {
      const file: Record<string, string> = { pathname: path.slice(name.length) }
      expect(await fileCalls.read(root, key => file[key], defaultFileLimits)).toEqual({ content: 'eA==\n' })
    }
    root.close()
  })

  it('gives its handle back', async () => {
    const before = openHandles()
    for (let i = 0; i < 10; i++) (await openRoot(world.rootFolder)).close()
    await openRoot('/').catch(() => undefined)
    expect(openHandles()).toBe(before)
  })
})
