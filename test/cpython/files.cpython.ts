/** Each file-system call against CPython's own `os`, `shutil`, `glob` and `base64`, on two copies of one tree. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRoot, type Root } from '../../src/vserver/files/root.ts'
import { type Case, changingCases, lookingCases } from './cases.ts'
import { type Answer, askUs, type Python, startPython } from './cpython.ts'
import { describeTree, makeTree } from './tree.ts'

const nobody = 65_534
const isRoot = process.getuid?.() === 0

describe('as the user who runs the tests', () => compareAll())

// Permission bits do not bind root; another user must be played, which only root can.
describe.skipIf(!isRoot)('as a user whom permission bits bind', () => compareAll(nobody))

function compareAll(userId?: number): void {
  const world = mkdtempSync(join(tmpdir(), 'cpython-'))
  // Of one length, so that both meet the longest path at the same point.
  const [theirs, ours] = [join(world, 'p'), join(world, 'n')]
  let python: Python
  let root: Root | undefined
  let untouched: string[]

  beforeAll(async () => {
    chmodSync(world, 0o777)
    process.umask(0o022)
    python = startPython(userId)
    await remake()
  })
  afterAll(async () => {
    root?.close()
    await python.stop()
    rmSync(world, { recursive: true })
  })

  async function remake(): Promise<void> {
    makeTree(theirs, userId)
    makeTree(ours, userId)
    root?.close()
    root = await openRoot(ours)
    untouched = describeTree(ours)
  }

  async function compare({ call, args }: Case): Promise<void> {
    const expected = await python.ask(theirs, call, args)
    const actual = await as(userId, () => askUs(root as Root, call, args))
    expect(comparable(actual, ours, call)).toEqual(comparable(expected, theirs, call))
  }

  describe.each(groupsOf(lookingCases))('%s', (_, cases) => {
    it.each(cases)('%s', async (_, which) => compare(which))
  })

  describe.each(groupsOf(changingCases))('%s', (_, cases) => {
    it.each(cases)('%s', async (_, which) => {
      await compare(which)
      const [after, expected] = [describeTree(ours), describeTree(theirs)]
      if ([after, expected].some(tree => !isDeepStrictEqual(tree, untouched))) await remake()
      expect(after).toEqual(expected)
    })
  })
}

function groupsOf(cases: readonly Case[]): [call: string, cases: [title: string, which: Case][]][] {
  const groups = Map.groupBy(cases, ({ call }) => call)
  return [...groups].map(([call, group]) => [call, group.map(which => [titleOf(which), which])])
}

function titleOf({ args }: Case): string {
  const texts = Object.entries(args).map(([name, text]) => `${name}=${JSON.stringify(text.slice(0, 80))}`)
  return texts.join(' ') || 'no arguments'
}

/** What differs between two trees, or from run to run, taken out. */
function comparable(answer: Answer, root: string, call: string): unknown {
  const { atime, mtime, ctime, ...rest } = answer
  if (call === 'stat' && answer.success === true)
    expect([atime, mtime, ctime].every(Number.isFinite)).toBe(true)
  const text = JSON.stringify({
    ...withoutParserTalk(rest),
    ...(mtime === undefined ? {} : { mtime: old(mtime) }),
  })
  const { content, ...others } = JSON.parse(text.replaceAll(JSON.stringify(root).slice(1, -1), '<root>'))
  return content === undefined
    ? others
    : { ...others, content: call === 'read' ? content : sorted(content, call) }
}

/** Where the JSON of `ignore` breaks off is told in other words. */
function withoutParserTalk({ message, ...rest }: Answer): Answer {
  if (typeof message !== 'string') return rest
  return { ...rest, message: message.replace(/.(json.*JSONDecodeError: )(?!Expecting value).*/, '$1…') }
}

function old(time: unknown): unknown {
  return typeof time === 'number' && time < 1_600_000_000 ? time : 'new'
}

/** Neither side promises an order, except that `walk` goes from the top down. */
function sorted(content: unknown[], call: string): unknown {
  if (call !== 'walk') return content.toSorted()
  const levels = content as [string, string[], string[]][]
  for (const [i, [folder]] of levels.entries()) {
    const parent = folder.slice(0, folder.lastIndexOf('/')) || '/'
    if (i > 0) expect(levels.slice(0, i).map(([path]) => path.replace(/(.)\/+$/, '$1'))).toContain(parent)
  }
  return levels.map(([folder, folders, files]) => [folder, folders.toSorted(), files.toSorted()]).sort()
}

async function as<Result>(userId: number | undefined, work: () => Promise<Result>): Promise<Result> {
  become(userId)
  try {
    return await work()
  } finally {
    becomeRoot(userId)
  }
}

function become(userId: number | undefined): void {
  if (userId === undefined) return
  process.setgroups?.([])
  process.setegid?.(userId)
  process.seteuid?.(userId)
}

function becomeRoot(userId: number | undefined): void {
  if (userId === undefined) return
  process.seteuid?.(0)
  process.setegid?.(0)
}
