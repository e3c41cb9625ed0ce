/** Nothing outside the root is read, listed, changed, made or removed by paths, or by links that were there before. */
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FileCallName, fileCalls } from '../../src/vserver/files/calls.ts'
import { type Arguments, aWorld, secret, snapshot, type World } from './world.ts'

let world: World
let outsideBefore: string[]

beforeEach(async () => {
  world = await aWorld({ 'folder/file': 'inside', 'secret.txt': 'inside' })
  const { rootFolder, outside } = world
  const links = {
    'to-root': '/',
    'to-outside': outside,
    'to-outside-relative': '../outside',
    'to-secret': join(outside, 'secret.txt'),
    'to-secret-relative': '../outside/secret.txt',
    'to-locked': `${outside}/locked/`,
    'one-up': '../folder',
    'up-and-down-again': '../root/folder',
    'many-ups': '../../../../../../../../../../etc/passwd',
    'through-a-link': 'to-outside/secret.txt',
    'folder/up': '../../outside',
    'dots-in-between': `${rootFolder}/folder/../../outside`,
    'slashes-and-dots': `//${outside.slice(1).replaceAll('/', '/.//')}`,
    'like-the-root': `${rootFolder}-not`,
    'own-process': '/proc/self/root/etc/passwd',
    'own-handles': '/proc/self/fd',
    'working-folder': '/proc/self/cwd',
    'new-outside': join(outside, 'made-by-a-call'),
    'new-outside-relative': '../outside/made-by-a-call',
    'new-beside': '../made-by-a-call',
  }
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(rootFolder, name))
  outsideBefore = [...snapshot(outside), ...snapshotOfNames(world)]
})
afterEach(() => {
  expect([...snapshot(world.outside), ...snapshotOfNames(world)]).toEqual(outsideBefore)
  world.end()
})

function snapshotOfNames({ folder }: World): string[] {
  return snapshot(folder).filter(line => !line.startsWith('root') && !line.startsWith('.'))
}

/** Each would name something outside if it were joined to the root, or taken as it is. */
function hostilePaths({ outside }: World): string[] {
  const ways = [
    '/..',
    '/folder/../..',
    '//..',
    '/./..',
    '/folder/up/..',
    '/../../../../../../../..',
    '/to-outside/..',
  ]
  const links = ['to-root', 'to-outside', 'to-outside-relative', 'to-locked', 'folder/up', 'dots-in-between']
  return [
    ...ways.flatMap(way => [`${way}/outside`, `${way}/outside/secret.txt`, `${way}${outside}/secret.txt`, `${way}/etc/passwd`]),
    ...links.flatMap(link => [`/${link}`, `/${link}/`, `/${link}/.`, `/${link}/secret.txt`, `/${link}/inside.txt`]),
    ...links.flatMap(link => [`/${link}/made-by-a-call`, `/${link}/locked`, `/${link}/../outside/secret.txt`]),
    outside, `${outside}/secret.txt`, `/${outside}`, `/${outside}/secret.txt`, `//${outside}/secret.txt`, '//etc/passwd', '/etc/passwd',
    '/to-root/etc/passwd', '/to-root/proc/self/environ', '/many-ups', '/through-a-link', '/slashes-and-dots', '/like-the-root',
    '/slashes-and-dots/secret.txt', '/own-process', '/own-handles', '/own-handles/0', '/working-folder', '/working-folder/package.json',
    '/to-secret', '/to-secret-relative', '/new-outside', '/new-outside-relative', '/new-beside', '/up-and-down-again/file',
    '/..%2foutside/secret.txt', '/%2e%2e/outside/secret.txt', '/..\\outside\\secret.txt', '/\u2024\u2024/outside/secret.txt',
    `/../outside/secret.txt\0`, `/\0/../../outside/secret.txt`, '/folder\0/../../outside', '/proc/self/root', '/dev/fd/0',
  ] // biome-ignore format: a list to look over
}

function revealsOutside(answer: unknown): boolean {
  // A failure says no more than the path that was asked for.
  const { content = '' } = answer as { content?: unknown }
  const bytes = typeof content === 'string' ? Buffer.from(content, 'base64').toString() : ''
  return (
    /inside\.txt|er\.txt/.test(JSON.stringify(content)) || bytes.includes(secret) || bytes.includes('root:')
  )
}

const lookingCalls: readonly FileCallName[] = [
  'read',
  'ls',
  'stat',
  'exists',
  'isdir',
  'isfile',
  'walk',
  'glob',
]

describe('a hostile path', () => {
  it.each(lookingCalls)('shows %s nothing outside', async call => {
    for (const pathname of hostilePaths(world)) {
      expect(revealsOutside(await world.ask(call, { pathname })), pathname).toBe(false)
    }
  })

  it('of a link that leads out is one of nothing', async () => {
    for (const link of [
      'to-root',
      'to-outside',
      'to-secret',
      'own-process',
      'one-up',
      'up-and-down-again',
      'like-the-root',
    ]) {
      const pathname = `/${link}`
      expect(await world.ask('exists', { pathname })).toEqual({ exists: false })
      expect(await world.ask('islink', { pathname })).toEqual({ islink: true })
      expect(await world.ask('ismount', { pathname })).toEqual({ ismount: false })
      expect(await world.ask('stat', { pathname })).toEqual({
        success: false,
        message: 'pathname does not exist',
      })
    }
  })

  it.each([
    ['write', { content: 'aGFja2Vk' }],
    ['mkdir', {}],
    ['mkdir', { parent: '1' }],
    ['chmod', { mode: '511' }],
    ['rmtree', {}],
  ] as const)('lets %s change nothing outside', async (call, more) => {
    for (const pathname of hostilePaths(world)) {
      if (call === 'rmtree' && new URL(pathname.replace(/^\/+/, '/'), 'file:').pathname === '/') continue
      await world.ask(call, { pathname, ...more })
    }
  })

  it.each(['copy', 'copytree'] as const)(
    'lets %s take nothing from outside and put nothing there',
    async call => {
      for (const [i, path] of hostilePaths(world).entries()) {
        await world.ask(call, { src: path, dst: `/taken-${i}` })
        await world.ask(call, { src: call === 'copy' ? '/secret.txt' : '/folder', dst: path })
      }
      expect(
        snapshot(world.rootFolder).filter(line => line.includes(secret) || line.includes('root:x:')),
      ).toEqual([])
    },
  )
})

describe('a folder full of links that lead out', () => {
  it('is walked, globbed and listed without what they lead to', async () => {
    const walked = await world.ask('walk', { pathname: '/' })
    expect((walked.content as [string][]).map(([folder]) => folder)).toEqual(['/', '/folder'])
    expect((walked.content as [string, string[]][])[0]?.[1]).toEqual(['folder'])
    for (const pathname of [
      '/*/*',
      '/*/*/*',
      '/*/',
      '/to-*/*',
      '/to-*/../*',
      '/../*',
      '/*/../../*',
      '/**/**',
      '//*',
    ]) {
      const { content } = await world.ask('glob', { pathname })
      expect((content as string[]).every(path => path.startsWith(world.rootFolder))).toBe(true)
      expect(revealsOutside({ content }), pathname).toBe(false)
    }
    expect((await world.ask('glob', { pathname: '/*/' })).content).toEqual([`${world.rootFolder}/folder/`])
  })

  it('is copied without what they lead to', async () => {
    const { message } = await world.ask('copytree', { src: '/', dst: '/copy' })
    expect(message).toContain('No such file or directory')
    const copied = snapshot(join(world.rootFolder, 'copy')).map(line => line.split(' ')[0])
    expect(copied).toEqual(['.', 'folder', 'folder/file', 'secret.txt'])
  })

  it('is removed without what they lead to', async () => {
    for (const name of ['folder', 'to-outside', 'to-locked'])
      await world.ask('rmtree', { pathname: `/${name}` })
    expect(world.exists('folder')).toBe(false)
  })
})

it('is told apart from names that only look alike', async () => {
  const names = ['..\\..', '...', '%2e%2e', '..%00', '~root', '.. ', ' ..', '$HOME', '$(id)', '*', '-rf']
  for (const name of names) {
    const args: Arguments = { pathname: `/folder/${name}`, content: Buffer.from(name).toString('base64') }
    expect(await world.ask('write', args)).toHaveProperty('length')
    expect(world.contentOf(`folder/${name}`)).toBe(name)
  }
  expect(Object.keys(fileCalls)).toHaveLength(16)
})
