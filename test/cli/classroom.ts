/** A course with its people at their terminals, and folders to work in. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { aService } from '../support/service.ts'
import { type Terminal, terminalOf } from './terminal.ts'

export type Files = Readonly<Record<string, string | Buffer>>

/** kevin teaches math, marie and pierre take it; nothing is out. */
export async function aClassroom() {
  const service = await aService()
  await service.aCourse('math', { instructors: ['kevin'], students: ['marie', 'pierre'] })
  const [kevin, marie, pierre] = await Promise.all(
    ['kevin', 'marie', 'pierre'].map(name => terminalOf(service, name)),
  )
  if (kevin === undefined || marie === undefined || pierre === undefined) throw new Error('nobody came')
  return { service, kevin, marie, pierre }
}

/** The same with ps1 released. */
export async function aClassAtWork(files: Files = { 'ps1.ipynb': 'task', 'data/points.csv': '1,2' }) {
  const classroom = await aClassroom()
  await write(classroom.kevin, 'release/ps1', files)
  await must(classroom.kevin, 'assignment', 'release', 'math', 'ps1')
  return classroom
}

/** Writes the folder `ps1` of a student, and submits it. */
export async function submitted(
  student: Terminal,
  files: Files,
): Promise<{ id: string; receivedAt: string }> {
  await write(student, 'ps1', files)
  const { submission } = (await must(student, 'submission', 'submit', 'math', 'ps1', '--json')).json
  return submission as { id: string; receivedAt: string }
}

export async function must(person: Terminal, ...args: string[]) {
  const outcome = await person.ngshare(args)
  if (outcome.status !== 0) throw new Error(`ngshare ${args.join(' ')}: ${outcome.err}`)
  return outcome
}

/** `folder`: below that of the terminal. */
export async function write(person: Terminal, folder: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const place = join(person.folder, folder, path)
    await mkdir(dirname(place), { recursive: true })
    await writeFile(place, content)
  }
}

/** The files of a folder by their paths, hidden ones too. */
export async function filesOf(person: Terminal, folder: string): Promise<Record<string, string>> {
  const root = join(person.folder, folder)
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const places = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const files = await Promise.all(
    places.map(async place => [place.slice(root.length + 1), String(await readFile(place))]),
  )
  return Object.fromEntries(files.toSorted())
}
