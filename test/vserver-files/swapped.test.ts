/** Nothing outside the root is reached even when links and folders are swapped while a call is on its way. */
import { mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { errorCode } from '../../src/domain/errors.ts'
import type { FileCallName } from '../../src/vserver/files/calls.ts'
import { type Moves, whileSwapping } from './swapping.ts'
import { type Arguments, aWorld, base64, openHandles, secret, snapshot, type World } from './world.ts'

const rounds = 200

let world: World
let outsideBefore: string[]
let handlesBefore: number

beforeEach(async () => {
  world = await aWorld({ '.park/deep/er/x': 'inside', '.park/few/sub/x': 'inside' })
  handlesBefore = openHandles()
  outsideBefore = snapshot(world.outside)
})
afterEach(() => {
  expect(snapshot(world.outside)).toEqual(outsideBefore)
  expect(openHandles()).toBe(handlesBefore)
  world.end()
})

/** Ways to change `name` back and forth between something inside and a link that leads out. */
const attacks = {
  'a folder becomes a link out of the root': (name: string) => {
    plantFolder(name)
    link('.park/link', '../outside/locked')
    return between(name, '.park/link')
  },
  'a folder becomes an absolute link out of the root': (name: string) => {
    plantFolder(name)
    link('.park/link', join(world.outside, 'locked'))
    return between(name, '.park/link')
  },
  'a link to a folder becomes a link out of the root': (name: string) => {
    plantFolder('.park/target')
    link(name, '.park/target')
    link('.park/link', join(world.outside, 'locked'))
    return between(name, '.park/link')
  },
  'a folder moves to another depth, so that its parent is another': (name: string) => {
    plantFolder(name)
    link(`${name}/up`, '../../outside/locked')
    return [
      [inRoot(name), inRoot('.park/deep/er/moved')],
      [inRoot('.park/deep/er/moved'), inRoot(name)],
    ]
  },
} satisfies Record<string, (name: string) => Moves>

type Attack = keyof typeof attacks

const calls: [call: FileCallName, args: (round: number) => Arguments][] = [
  ['read', () => ({ pathname: '/swap/inside.txt' })],
  ['ls', () => ({ pathname: '/swap' })],
  ['stat', () => ({ pathname: '/swap/inside.txt' })],
  ['glob', () => ({ pathname: '/sw*/*' })],
  ['glob', () => ({ pathname: '/swap/../swap/*/*' })],
  ['walk', () => ({ pathname: '/' })],
  ['walk', () => ({ pathname: '/swap' })],
  ['write', () => ({ pathname: '/swap/inside.txt', content: base64('written inside') })],
  ['write', round => ({ pathname: `/swap/deep/new-${round % 5}`, content: base64('written inside') })],
  ['chmod', round => ({ pathname: '/swap/inside.txt', mode: round % 2 ? '511' : '420' })],
  ['chmod', round => ({ pathname: '/swap', mode: round % 2 ? '511' : '493' })],
  ['mkdir', round => ({ pathname: `/swap/made-${round}` })],
  ['mkdir', round => ({ pathname: `/swap/made/by/${round}`, parent: '1' })],
  ['copy', round => ({ src: '/swap/inside.txt', dst: `/copy-${round}` })],
  ['copy', () => ({ src: '/.park/deep/er/x', dst: '/swap/inside.txt' })],
  ['copy', () => ({ src: '/.park/deep/er/x', dst: '/swap' })],
  ['copytree', round => ({ src: '/swap', dst: `/copy-${round}` })],
  ['copytree', round => ({ src: '/.park/few', dst: `/swap/copy-${round}` })],
]

describe.each(Object.keys(attacks) as Attack[])('when %s', attack => {
  it.each(calls)('%s stays inside', async (call, args) => {
    await whileSwapping(attacks[attack]('swap'), rounds, async round => {
      expect(reveals(await world.ask(call, args(round)))).toBe(false)
    })
    expect(snapshot(world.rootFolder).filter(line => line.includes(secret))).toEqual([])
  })

  it('rmtree stays inside', async () => {
    let removed = 0
    for (let turn = 0; turn < 8; turn++) {
      await whileSwapping(attacks[attack]('swap'), rounds / 8, async round => {
        for (const pathname of ['/swap', '/top']) {
          const answer = await world.ask('rmtree', { pathname })
          if (answer.success !== false) removed++
        }
        plantFolder(`top/${round}`)
      })
      for (const name of ['swap', '.park']) rmSync(inRoot(name), { recursive: true, force: true })
      mkdirSync(inRoot('.park/deep/er'), { recursive: true })
    }
    expect(removed).toBeGreaterThan(0)
  })
})

describe('when a file becomes a link out of the root', () => {
  const fileCalls: [call: FileCallName, args: (round: number) => Arguments][] = [
    ['read', () => ({ pathname: '/swap' })],
    ['stat', () => ({ pathname: '/swap' })],
    ['write', () => ({ pathname: '/swap', content: base64('written inside') })],
    ['chmod', round => ({ pathname: '/swap', mode: round % 2 ? '511' : '420' })],
    ['copy', round => ({ src: '/swap', dst: `/copy-${round}` })],
    ['copy', () => ({ src: '/.park/deep/er/x', dst: '/swap' })],
    ['copytree', round => ({ src: '/.park', dst: `/copies/${round}` })],
  ]

  it.each(fileCalls)('%s stays inside', async (call, args) => {
    writeFileSync(inRoot('.park/original'), 'inside')
    // Each replaces the other at once, so that the name is never missing.
    const moves: Moves = [
      [inRoot('.park/original'), inRoot('.park/file'), 'hardlink'],
      [inRoot('.park/file'), inRoot('swap')],
      [join(world.outside, 'secret.txt'), inRoot('.park/link'), 'symlink'],
      [inRoot('.park/link'), inRoot('swap')],
    ]
    await whileSwapping(moves, rounds, async round => {
      expect(reveals(await world.ask(call, args(round)))).toBe(false)
    })
    expect(snapshot(world.rootFolder).filter(line => line.includes(secret))).toEqual([])
  })

  it('a file that is about to be made is made inside, or not at all', async () => {
    link('.park/link', join(world.outside, 'made-by-a-call'))
    const moves: Moves = [
      [inRoot('.park/link'), inRoot('new')],
      [inRoot('new'), inRoot('.park/link')],
    ]
    await whileSwapping(moves, rounds, async () => {
      await world.ask('write', { pathname: '/new', content: base64('new') })
      await world.ask('mkdir', { pathname: '/new' })
    })
  })
})

it('such an attack works on a reader that checks where a path leads, and only then opens it', async () => {
  plantFolder('swap')
  link('.park/link', '../outside/locked')
  let hasLeaked = false
  await whileSwapping(between('swap', '.park/link'), 100_000, async () => {
    hasLeaked = carelessRead('swap/inside.txt').includes(secret)
    return hasLeaked ? 'enough' : 'more'
  })
  expect(hasLeaked).toBe(true)
})

function carelessRead(name: string): string {
  try {
    return realpathSync(inRoot(name)).startsWith(`${world.rootFolder}/`)
      ? readFileSync(inRoot(name), 'utf8')
      : ''
  } catch (error) {
    // Its own looks may meet different things, too.
    if (['ENOENT', 'EINVAL', 'ENOTDIR'].includes(errorCode(error) ?? '')) return ''
    throw error
  }
}

/** Both have the same names inside, so that only what they hold tells where a call has been. */
function plantFolder(name: string): void {
  mkdirSync(inRoot(`${name}/deep`), { recursive: true })
  writeFileSync(inRoot(`${name}/inside.txt`), 'from the inside')
  writeFileSync(inRoot(`${name}/deep/own.txt`), 'from the inside')
}

function between(name: string, other: string): Moves {
  return [
    [inRoot(name), inRoot('.park/away')],
    [inRoot(other), inRoot(name)],
    [inRoot(name), inRoot(other)],
    [inRoot('.park/away'), inRoot(name)],
  ]
}

function link(name: string, target: string): void {
  symlinkSync(target, inRoot(name))
}

function inRoot(name: string): string {
  return join(world.rootFolder, name)
}

/** The size of the secret, its name, or itself. */
function reveals(answer: unknown): boolean {
  const text = JSON.stringify(answer)
  const { content, size } = answer as { content?: unknown; size?: unknown }
  const bytes = typeof content === 'string' ? Buffer.from(content, 'base64').toString() : ''
  return text.includes('er.txt') || size === secret.length || bytes.includes(secret)
}
