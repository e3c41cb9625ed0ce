/** What commands that move directory trees have in common: progress, what is left out, what failed. */
import type { Downloaded } from '../client/download.ts'
import { NoAnswer } from '../client/errors.ts'
import { type LocalTree, readLocalTree, usuallyIgnored } from '../client/local-tree.ts'
import { sideBySide } from '../client/side-by-side.ts'
import { CommandFailed } from '../terminal/failure.ts'
import type { Output } from '../terminal/output.ts'
import { printable } from '../terminal/table.ts'
import { bytesInWords, counted } from '../terminal/words.ts'
import type { Session } from './command.ts'
import { explained } from './failures.ts'

/** The folder as a tree, with a note on what does not go. @throws CommandFailed: nothing is in it */
export async function treeIn(
  io: Output,
  folder: string,
  { ignore = [] }: { ignore?: readonly string[] },
): Promise<LocalTree> {
  io.progress(`reading ${printable(folder)}`)
  const tree = await readLocalTree(folder, { ignore: [...usuallyIgnored, ...ignore] })
  for (const { path, reason } of tree.leftOut) io.note(`left out: ${printable(path)} (${reason})`)
  if (tree.files.length === 0) throw new CommandFailed(`there is nothing in ${folder}`)
  return tree
}

/** Shows how far a transfer is, at most ten times a second. */
export function progressOf(io: Output, what: string): (doneBytes: number, allBytes: number) => void {
  let shownAt = 0
  return (doneBytes, allBytes) => {
    const now = performance.now()
    if (now - shownAt < 100) return
    shownAt = now
    io.progress(`${what}: ${bytesInWords(doneBytes)} of ${bytesInWords(allBytes)}`)
  }
}

/** `new, 3 files came, 12 KB`, or `unchanged`. */
export function downloadInWords({ outcome, files, sizeBytes }: Downloaded): string {
  return outcome === 'unchanged'
    ? 'unchanged'
    : `${outcome}, ${counted(files, 'file')} came, ${bytesInWords(sizeBytes)}`
}

/** One of several that did not work. */
export interface Failed {
  readonly name: string
  readonly reason: string
}

/** Names them, and ends the command with status 1; without them nothing. @throws CommandFailed */
export function failFor(failed: readonly Failed[], { of, what }: { of: number; what: string }): void {
  if (failed.length === 0) return
  const list = failed.map(({ name, reason }) => `  ${printable(name)}: ${reason}`)
  throw new CommandFailed([`${failed.length} of ${of} ${what}:`, ...list].join('\n'))
}

/**
 * Works on each, a few at a time. What fails is noted by its name, and the others go on, until the server is gone.
 * @throws Interrupted, and errors of our own
 */
export async function eachOf<Item, Result>(
  { target, signal }: Session,
  items: readonly Item[],
  {
    work,
    nameOf,
    onDone,
  }: {
    work: (item: Item) => Promise<Result>
    nameOf: (item: Item) => string
    onDone: (count: number) => void
  },
): Promise<{ done: Result[]; failed: Failed[] }> {
  const results = new Map<Item, Result>()
  const reasons = new Map<Item, string>()
  let isGone = false
  await sideBySide(items, async item => {
    try {
      if (isGone) reasons.set(item, 'not tried any more')
      else results.set(item, await work(item))
    } catch (error) {
      signal.throwIfAborted()
      isGone ||= error instanceof NoAnswer
      const failure = explained(error, target)
      if (!(failure instanceof CommandFailed)) throw failure
      reasons.set(item, failure.message)
    }
    onDone(results.size + reasons.size)
  })
  return {
    done: items.flatMap(item => results.get(item) ?? []),
    failed: items.flatMap(item => {
      const reason = reasons.get(item)
      return reason === undefined ? [] : [{ name: nameOf(item), reason }]
    }),
  }
}
