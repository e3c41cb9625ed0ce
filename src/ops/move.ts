/**
 * Moves an installation while it runs: most of it while everybody goes on, the rest while nobody can change anything. Or
 * one that stands still, such as a backup.
 */
import {
  bringNewRows,
  hasRows,
  matchRows,
  movedTables,
  type RowFacts,
  removeGoneRows,
} from '../db/bring-rows.ts'
import { copyRows } from '../db/copy-rows.ts'
import {
  concludeFreeze,
  type Freeze,
  findFreeze,
  freeze,
  markArriving,
  prolongFreeze,
  thaw,
} from '../db/freeze.ts'
import { highestGivenIds, neverGiveAgain } from '../db/given-ids.ts'
import { type BroughtContent, bringContent } from '../exchange/bring-content.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { CommandFailed } from '../terminal/failure.ts'
import type { Output } from '../terminal/output.ts'
import { bytesInWords } from '../terminal/words.ts'

export interface MovedPart {
  readonly exchange: Exchange
  /** Where it is, for people, without passwords. */
  readonly place: string
}

export interface Move {
  readonly from: MovedPart
  readonly to: MovedPart
  readonly io: Output
}

/** All of it, compared. */
export interface Brought extends Pick<BroughtContent, 'newFiles' | 'newBytes' | 'damaged'> {
  readonly tables: Readonly<Record<string, RowFacts>>
}

export interface Moved extends Brought {
  /** How long nothing could be changed. */
  readonly readOnlyMs: number
}

/** So soon does the old installation go on by itself when whoever moves it dies. */
const freezeSeconds = 60
const prolongMs = 10_000
/** So little is left when it is time for the read-only part; where more comes all the time it has to do after some rounds. */
const littleRows = 2000
const maxRounds = 5
const maxWindows = 3

/** Leaves the old installation refusing all changes, for good. Safe to repeat. @throws CommandFailed, Trouble, RowsDiffer */
export async function move(input: Move): Promise<Moved> {
  const concluded = await findConcluded(input)
  if (concluded !== null) return finish(input, concluded)
  await mustBeReady(input)
  await markArriving(input.to.exchange.db, input.from.place)
  const content = await bringMost(input)
  for (let window = 1; ; window++) {
    const moved = await bringRest(input, content)
    if (moved !== null) return moved
    if (window === maxWindows)
      throw new CommandFailed('the rest takes too long again and again: try when the machine has less to do')
    input.io.note('the read-only time ended before all was copied: beginning it again')
  }
}

/** Out of what nobody changes meanwhile, which stays as it is. Safe to repeat. @throws CommandFailed, Trouble, RowsDiffer */
export async function bringStanding(input: Move): Promise<Brought> {
  await mustBeFree(input)
  await markArriving(input.to.exchange.db, input.from.place)
  const brought = await bringAll(input)
  await thaw(input.to.exchange.db, movedTables)
  return brought
}

/** A move to there that was cut off at its very end: nobody can change the old one any more, and no server starts on the new one. */
async function findConcluded({ from, to }: Move): Promise<Freeze | null> {
  const [leaving, arriving] = [await findFreeze(from.exchange.db), await findFreeze(to.exchange.db)]
  if (leaving?.kind !== 'moved' || leaving.place !== to.place) return null
  return arriving !== null && isOurs(arriving, from) ? leaving : null
}

async function finish(input: Move, { since }: Freeze): Promise<Moved> {
  const brought = await bringStanding(input)
  return { ...brought, readOnlyMs: Math.round(Date.now() - since / 1000) }
}

/** @throws CommandFailed when the one cannot be moved, or not to there */
async function mustBeReady(input: Move): Promise<void> {
  const { from } = input
  const leaving = await findFreeze(from.exchange.db)
  if (leaving?.kind === 'moved') {
    throw new CommandFailed(
      `it was moved to ${leaving.place} already; to go on with what is here: ngshare migrate --take-back`,
    )
  }
  if (leaving?.kind === 'moving') {
    throw new CommandFailed(
      `another \`ngshare migrate\` is at work, or ended less than ${freezeSeconds} seconds ago`,
    )
  }
  if (leaving?.kind === 'arriving')
    throw new CommandFailed(`what is here is not whole: a move from ${leaving.place} has not ended`)
  await mustBeFree(input)
}

/** @throws CommandFailed when something else is there */
async function mustBeFree({ from, to }: Move): Promise<void> {
  const arriving = await findFreeze(to.exchange.db)
  if (arriving === null && (await hasRows(to.exchange.db.read)))
    throw new CommandFailed(`there is an installation already at ${to.place}; nothing was changed`)
  if (arriving !== null && !isOurs(arriving, from))
    throw new CommandFailed(
      `${to.place} holds what came, or went, from ${arriving.place}: take an empty place`,
    )
}

function isOurs(arriving: Freeze, from: MovedPart): boolean {
  return arriving.kind === 'arriving' && arriving.place === from.place
}

/** While the server runs. */
async function bringMost(input: Move): Promise<BroughtContent> {
  const sum: BroughtContent = { blobs: 0, newBlobs: 0, newFiles: 0, newBytes: 0, damaged: [] }
  for (let round = 1; ; round++) {
    const content = await bringBlobs(input)
    sum.newFiles += content.newFiles
    sum.newBytes += content.newBytes
    sum.damaged.push(...content.damaged)
    const rows = await bringNewRows(input.from.exchange.db.read, input.to.exchange.db, added =>
      input.io.progress(`round ${round}: ${added} rows copied`),
    )
    if (rows + content.newBlobs < littleRows || round === maxRounds) return sum
  }
}

function bringBlobs({ from, to, io }: Move): Promise<BroughtContent> {
  return bringContent({
    from: from.exchange,
    to: to.exchange,
    progress: ({ blobs, newBytes }) =>
      io.progress(`${blobs} blobs looked at, files of ${bytesInWords(newBytes)} copied`),
  })
}

/** Null: it took so long that others may have changed something meanwhile. */
async function bringRest(input: Move, before: BroughtContent): Promise<Moved | null> {
  const { from, to, io } = input
  const source = from.exchange.db
  io.note('read-only from now on')
  await freeze(source, { place: to.place, tables: movedTables, forSeconds: freezeSeconds })
  const startedAt = performance.now()
  const prolonging = keepFrozen(input)
  let isMoved = false
  try {
    const rest = await bringAll(input)
    isMoved = await concludeFreeze(source)
    if (!isMoved) return null
    await thaw(to.exchange.db, movedTables)
    return {
      readOnlyMs: Math.round(performance.now() - startedAt),
      newFiles: before.newFiles + rest.newFiles,
      newBytes: before.newBytes + rest.newBytes,
      damaged: [...before.damaged, ...rest.damaged],
      tables: rest.tables,
    }
  } finally {
    clearInterval(prolonging)
    if (!isMoved) await thaw(source, movedTables)
  }
}

/** What is not there yet, and nothing that is not in the source, which does not change meanwhile. */
async function bringAll(input: Move): Promise<Brought> {
  const [source, target] = [input.from.exchange.db, input.to.exchange.db]
  await removeGoneRows(source.read, target)
  const { newFiles, newBytes, damaged } = await bringBlobs(input)
  const progress = (rows: number) => input.io.progress(`${rows} rows compared`)
  await bringNewRows(source.read, target, progress)
  await copyRows(source.read, target)
  await neverGiveAgain(target, await highestGivenIds(source.read))
  return { newFiles, newBytes, damaged, tables: await matchRows(source.read, target, progress) }
}

/** What fails here is found when the move is concluded. */
function keepFrozen({ from }: Move): NodeJS.Timeout {
  return setInterval(() => {
    prolongFreeze(from.exchange.db, { forSeconds: freezeSeconds }).catch(() => undefined)
  }, prolongMs)
}
