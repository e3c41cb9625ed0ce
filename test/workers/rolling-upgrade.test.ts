/** The version before this one, as it was, and this one serve one database while students submit. */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync } from 'node:fs'
import { mkdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import Sqlite from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { Classroom, openClassroom } from '../faults/classroom.ts'
import { need } from '../faults/needs.ts'
import { inspect } from '../faults/stored-facts.ts'
import { aNotebook, type Work } from '../faults/student-work.ts'
import { aWorld, type Place, placeOptions, runProgram } from '../faults/world.ts'

const root = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)
const students = Array.from({ length: 40 }, (_, number) => `student${number}`)

test('both versions serve during the upgrade, and nothing is lost or counted wrongly', async context => {
  const commit = await lastCommitOfSchema3()
  need(context, commit === null ? 'the history of the project is not here' : null)
  const program = await buildOf(commit ?? '')
  const world = aWorld()
  const old = await world.start({ program })
  const before = await openClassroom(old, { students })
  const first = await submitAll([before], 'before')
  const ofOld = submitAll([before, before], 'while the new one starts')
  const server = await world.start({ args: ['--workers', '2'] })
  const during = await ofOld
  const after = new Classroom(server)
  const both = await submitAll([before, after], 'while both serve')
  expect(await after.list()).toEqual(await before.list())
  expect(await old.stop()).toEqual({ code: 0, signal: null })
  const last = await submitAll([after], 'after')

  const acknowledged = [...first, ...during, ...both, ...last].sort()
  const listed = (await after.list()).map(item => `${item.student_id} ${item.timestamp}`)
  expect(listed.sort()).toEqual(acknowledged)
  expect(await server.stop()).toEqual({ code: 0, signal: null })
  expect(inspect(world).faults).toEqual([])
  expect(miscounted(world)).toEqual([])
  const { code, said } = await runProgram(['audit', 'verify', ...placeOptions(world)])
  expect(code, said).toBe(0)
}, 120_000)

/** Everybody once, a few at a time, in turn through those. Returns who was told which moment. */
async function submitAll(through: readonly Classroom[], what: string): Promise<string[]> {
  const told: string[] = []
  const waiting = students.entries()
  const lane = async () => {
    for (const [number, student] of waiting) {
      const classroom = through[number % through.length] as Classroom
      told.push(`${student} ${await classroom.submitted(student, workOf(`${what} ${student}`, number))}`)
    }
  }
  await Promise.all([lane(), lane(), lane(), lane()])
  return told
}

function workOf(seed: string, number: number): Work {
  return aNotebook(seed, number % 5 === 0 ? 100_000 : 3000)
}

/** Students whose running totals are not the sum of what they submitted, whichever version took it. */
function miscounted(place: Place): unknown[] {
  const sqlite = new Sqlite(place.database, { readonly: true })
  const wrong = sqlite
    .prepare(
      `select users.name, submitted_bytes, sum(trees.size_bytes) as sum from submissions
       join users on users.id = submissions.user_id
       join trees on trees.id = submissions.tree_id
       left join student_totals on student_totals.user_id = submissions.user_id
       group by users.id having submitted_bytes is null or submitted_bytes <> sum`,
    )
    .all()
  sqlite.close()
  return wrong
}

/** Before the first migration that came after the third; null where there is no history to look at. */
async function lastCommitOfSchema3(): Promise<string | null> {
  if (!existsSync(join(root, '.git'))) return null
  const later = ['src/db/migrations/00[4-9]*', 'src/db/migrations/0[1-9]*']
  const { stdout } = await git('log', '--reverse', '--diff-filter=A', '--format=%H', '--', ...later)
  const [first] = stdout.split('\n')
  if (first === undefined || first === '') return null
  const before = await git('rev-parse', '--verify', `${first}^`).catch(() => null) // a shallow clone ends there
  return before?.stdout.trim() ?? null
}

/** Built beside this one, with its dependencies. Returns the path of its `bin/ngshare`. */
async function buildOf(commit: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ngshare-previous-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const archive = join(folder, 'sources.tar')
  await git(
    'archive',
    `--output=${archive}`,
    commit,
    'src',
    'bin',
    'scripts',
    'package.json',
    'tsconfig.json',
  )
  const sources = join(folder, 'ngshare')
  await mkdir(sources)
  await run('tar', ['-xf', archive, '-C', sources])
  await symlink(join(root, 'node_modules'), join(sources, 'node_modules'))
  await run(process.execPath, ['scripts/build.ts'], { cwd: sources })
  return join(sources, 'bin/ngshare')
}

function git(...args: string[]) {
  return run('git', ['-C', root, ...args])
}
