/** A class on nbgrader's own exchange directory, with the real commands; imported; and each file compared. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { importCommand } from '../../src/ops/import/command.ts'
import type { ImportReport } from '../../src/ops/import/report.ts'
import { placesOf, runCommand } from '../support/commands.ts'
import { aService } from '../support/service.ts'
import { fetched, noise } from '../support/trees.ts'

const repository = join(import.meta.dirname, '../..')
const bin = join(repository, '.venv/nbgrader/bin')
const students = ['marie', 'lise', 'emil'] as const
let folder: string
let exchange: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ngshare-import-test-'))
  exchange = join(folder, 'exchange')
  mkdirSync(exchange, { mode: 0o777 })
  const teacher = aDesk('emmy')
  mkdirSync(join(teacher, 'source/ps1'), { recursive: true })
  writeAssignment(join(teacher, 'source/ps1'))
  nbgrader('emmy', 'generate_assignment', 'ps1')
  nbgrader('emmy', 'release_assignment', 'ps1')
  for (const student of students) {
    aDesk(student)
    nbgrader(student, 'fetch_assignment', 'ps1')
    answer(student, `return x * x  # first of ${student}`)
    // One as it is with another configuration: no random string at the end of the name.
    submit(student, ...(student === 'lise' ? ['--ExchangeSubmit.add_random_string=False'] : []))
  }
  answer('marie', 'return x ** 2  # second of marie')
  submit('marie')
  nbgrader('emmy', 'collect', 'ps1', '--ExchangeCollect.check_owner=False')
  nbgrader('emmy', 'autograde', 'ps1', '--student=marie')
  nbgrader('emmy', 'autograde', 'ps1', '--student=lise')
  nbgrader('emmy', 'generate_feedback', 'ps1')
  nbgrader('emmy', 'release_feedback', 'ps1')
  for (const student of students) nbgrader(student, 'fetch_feedback', 'ps1', `--student=${student}`)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('what nbgrader’s own exchange wrote comes over byte for byte, and is what its own commands fetch', async () => {
  const service = await aService()
  const before = filesBelow(exchange)
  const options = ['exchange-dir', '--from', exchange, ...placesOf(service), '--json']
  const report = (await runCommand(importCommand, options)).json as unknown as ImportReport
  expect(report.oddities.map(oddity => oddity.kind)).toEqual(['no-instructor'])
  expect(report.added).toMatchObject({ courses: 1, members: 3, assignments: 1, submissions: 4, feedback: 2 })

  const root = service.as('root')
  const released = (await root.get('assignment/course101/ps1')).json.files
  expect(released).toEqual(wire(filesBelow(join(exchange, 'course101/outbound/ps1'))))
  expect(released).toHaveLength(4)

  const inbound = readdirSync(join(exchange, 'course101/inbound'))
  expect(inbound).toHaveLength(4)
  let withFeedback = 0
  for (const name of inbound) {
    const [student = '', assignment = '', moment = ''] = name.split('+')
    const timestamp = moment.replace(' UTC', '')
    const stored = filesBelow(join(exchange, 'course101/inbound', name))
    expect(stored.get('timestamp.txt')?.toString()).toBe(moment)
    stored.delete('timestamp.txt')
    stored.delete('submission_secret.txt')
    const submission = await root.get(`submission/course101/${assignment}/${student}`, { timestamp })
    expect(submission.json).toMatchObject({ timestamp, files: wire(stored) })
    // `nbgrader fetch_feedback` has found for each attempt what belongs to it.
    const own = filesBelow(join(folder, student, 'ps1/feedback', moment))
    const feedback = await service.as(student).get(`feedback/course101/ps1/${student}`, { timestamp })
    expect(feedback.json.files).toEqual(wire(own))
    if (own.size > 0) withFeedback++
  }
  expect(withFeedback).toBe(2)

  const again = (await runCommand(importCommand, options)).json as unknown as ImportReport
  expect(Object.values(again.added).every(count => count === 0)).toBe(true)
  expect(filesBelow(exchange)).toEqual(before)
})

function aDesk(person: string): string {
  const desk = join(folder, person)
  mkdirSync(desk)
  const config = `c = get_config()
c.Exchange.root = ${JSON.stringify(exchange)}
c.CourseDirectory.course_id = 'course101'
`
  writeFileSync(join(desk, 'nbgrader_config.py'), config)
  return desk
}

function nbgrader(person: string, ...args: string[]): void {
  const desk = join(folder, person)
  const { status, stderr } = spawnSync(join(bin, 'nbgrader'), args, {
    cwd: desk,
    env: {
      PATH: [bin, process.env.PATH].join(delimiter),
      HOME: desk,
      LOGNAME: person,
      USER: person,
      JUPYTERHUB_USER: person,
      JUPYTER_CONFIG_DIR: join(desk, '.config'),
      JUPYTER_DATA_DIR: join(desk, '.data'),
      IPYTHONDIR: join(desk, '.ipython'),
      LC_ALL: 'C.UTF-8',
    },
    encoding: 'utf8',
    timeout: 120_000,
  })
  if (status !== 0) throw new Error(`${person}$ nbgrader ${args.join(' ')} ended with ${status}:\n${stderr}`)
}

/** nbgrader asks the system who that is, and here all are one. */
function submit(student: string, ...args: string[]): void {
  nbgrader(student, 'submit', 'ps1', `--student=${student}`, ...args)
}

/** Two notebooks, so that feedback is of more than one file, and data beside them. */
function writeAssignment(at: string): void {
  for (const name of ['p1', 'p2 größe']) writeFileSync(join(at, `${name}.ipynb`), JSON.stringify(notebook()))
  mkdirSync(join(at, 'data'))
  writeFileSync(join(at, 'data/noise.bin'), noise(100_000))
  writeFileSync(join(at, 'data/empty.txt'), '')
}

function notebook() {
  const cell = (kind: string, id: string, source: string, nbgraderFacts: object) => ({
    cell_type: kind,
    metadata: {
      nbgrader: {
        ...{ grade: false, locked: false, solution: false, task: false, schema_version: 3 },
        grade_id: id,
        ...nbgraderFacts,
      },
    },
    source,
    ...(kind === 'code' ? { execution_count: null, outputs: [] } : {}),
  })
  const solution = 'def square(x):\n    ### BEGIN SOLUTION\n    return x * x\n    ### END SOLUTION'
  return {
    cells: [
      cell('code', 'square', solution, { solution: true }),
      cell('code', 'test', 'assert square(3) == 9', { grade: true, locked: true, points: 2 }),
    ],
    metadata: { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } },
    nbformat: 4,
    nbformat_minor: 4,
  }
}

function answer(student: string, line: string): void {
  const path = join(folder, student, 'ps1/p1.ipynb')
  const found = JSON.parse(readFileSync(path, 'utf8'))
  found.cells[0].source = `def square(x):\n    ${line}`
  writeFileSync(path, JSON.stringify(found))
  const own = join(folder, student, 'ps1/notes/Überlegung.txt')
  mkdirSync(dirname(own), { recursive: true })
  writeFileSync(own, line)
}

function filesBelow(at: string): Map<string, Buffer> {
  let entries: string[]
  try {
    entries = readdirSync(at, { recursive: true, encoding: 'utf8' })
  } catch {
    return new Map() // nothing was fetched
  }
  const files = entries.map(entry => join(at, entry)).filter(path => statSync(path).isFile())
  return new Map(files.sort().map(path => [relative(at, path), readFileSync(path)]))
}

/** In the order in which an import lists them: name by name, folder by folder. */
function wire(files: ReadonlyMap<string, Buffer>): object[] {
  const inOrder = [...files].sort(([one], [other]) => {
    const [a, b] = [one.split('/'), other.split('/')]
    const at = a.findIndex((part, index) => part !== b[index])
    return Buffer.compare(Buffer.from(a[at] ?? ''), Buffer.from(b[at] ?? ''))
  })
  return inOrder.map(([path, bytes]) => fetched(path, bytes))
}
