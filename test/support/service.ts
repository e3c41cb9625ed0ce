/** The whole service for a test: composed as in production, listening on a free port, on fresh files of its own. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, onTestFinished } from 'vitest'
import { readCommandLine } from '../../src/config/command-line.ts'
import { type Config, checkSettings } from '../../src/config/config.ts'
import { type Answer, type AskOptions, ask, type Person, personAt } from './client.ts'
import { databaseUrl, dropDatabase, makeDatabase } from './database.ts'
import { listen } from './replicas.ts'
import { countStoredFiles, storageFor } from './storage.ts'
import type { WireFile } from './trees.ts'

export interface ServiceOptions {
  readonly debug?: boolean
  /** As on the command line: names with commas between. */
  readonly admins?: string
  readonly prefix?: string
  /** With the documented test data: course1 (kevin, lawrence, challenge) and course2 (abigail, eric, two assignments). */
  readonly testData?: boolean
  readonly maxBodyBytes?: number
  readonly maxFileBytes?: number
  readonly maxFiles?: number
  readonly maxTreeBytes?: number
  readonly maxAssignmentBytes?: number
  readonly maxUserBytes?: number
  readonly maxCourseBytes?: number
  readonly retentionDays?: number
  /** Further options, as on the command line. */
  readonly args?: readonly string[]
  /** For bounds that each process has for itself, also where all others are replicas. */
  readonly oneProcess?: boolean
  /** Told to serve the network, and to trust it. */
  readonly trustNetwork?: boolean
  readonly logLevel?: 'error' | 'info' | 'debug'
  /** Where another service keeps its database and files, to share them or to take them over. */
  readonly folder?: string
}

export interface CourseOptions {
  readonly instructors?: readonly string[]
  readonly students?: readonly string[]
  /** Released in this order, each with its files. */
  readonly assignments?: Readonly<Record<string, readonly WireFile[]>>
}

export interface Service {
  readonly port: number
  readonly prefix: string
  readonly folder: string
  readonly database: string
  readonly storage: string
  /** What was logged, a JSON line an event. */
  readonly log: readonly string[]
  /** The API as one person uses it; paths begin at the prefix. */
  as(user: string): Person
  /** A request that says nothing about who asks; the path begins at the root. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>
  /** For what HTTP itself refuses, which a proxy does in its own words, and for what each process knows of itself. */
  readonly withoutProxy: Pick<Service, 'port' | 'as' | 'ask'>
  /** Creates a course with people and released assignments, as admin. */
  aCourse(course: string, options?: CourseOptions): Promise<void>
  /** Submits and returns the timestamp. `to` is `course/assignment`. */
  submission(student: string, to: string, files: readonly WireFile[]): Promise<string>
  /** The `submissions` of a listing, as `[student, timestamp]`. */
  submissions(reader: string, of: string): Promise<[string, string][]>
  /** The user names that the service knows; needs debug mode. `root`, who looks, is always there. */
  knownUsers(): Promise<string[]>
  /** How many files the storage holds, staged ones too. */
  storedFileCount(): Promise<number>
  close(): Promise<void>
}

/** Lives until the running test ends. */
export async function aService(options: ServiceOptions = {}): Promise<Service> {
  const service = await openService(options)
  onTestFinished(() => service.close())
  return service
}

/** A folder that outlives the services in it: pass it to `aService` to stop and start on the same files. */
export async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** For files whose tests leave the service as they found it: lives until the last of them ends. */
export async function aServiceForTheFile(options: ServiceOptions = {}): Promise<Service> {
  const service = await openService(options)
  afterAll(() => service.close())
  return service
}

async function openService(options: ServiceOptions): Promise<Service> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'ngshare-test-')))
  await mkdir(folder, { recursive: true })
  const database = join(folder, 'ngshare.db')
  const storage = await storageFor(folder)
  const prefix = options.prefix ?? '/api/'
  const log: string[] = []
  const logger = pino({ level: options.logLevel ?? 'error' }, { write: line => log.push(line) })
  await makeDatabase(database)
  const service = await listen(configOf({ ...options, prefix, database, storage }), logger, {
    oneProcess: options.oneProcess ?? false,
  })
  const { port } = service
  const agent = new Agent({ keepAlive: true })
  const server = { port, prefix, agent }
  const as = (user: string) => personAt(server, user)
  const itself = { prefix, agent, port: service.directPorts[0] ?? port }
  const root = as('root')
  let isOpen = true
  return {
    port,
    prefix,
    folder,
    database,
    storage,
    log,
    as,
    ask: (method, path, askOptions) => ask(server, method, path, askOptions),
    withoutProxy: {
      port: itself.port,
      as: user => personAt(itself, user),
      ask: (method, path, askOptions) => ask(itself, method, path, askOptions),
    },
    async aCourse(course, { instructors = [], students = [], assignments = {} } = {}) {
      const id = encodeURIComponent(course)
      await must(root.post(`course/${id}`, { instructors }))
      for (const student of students) {
        const details = { first_name: '', last_name: '', email: '' }
        await must(root.post(`student/${id}/${encodeURIComponent(student)}`, details))
      }
      for (const [assignment, files] of Object.entries(assignments)) {
        await must(root.post(`assignment/${id}/${encodeURIComponent(assignment)}`, { files }))
      }
    },
    async submission(student, to, files) {
      const answer = await must(as(student).post(`submission/${to}`, { files }))
      return String(answer.json.timestamp)
    },
    async submissions(reader, of) {
      const answer = await must(as(reader).get(`submissions/${of}`))
      const submissions = answer.json.submissions as { student_id: string; timestamp: string }[]
      return submissions.map(({ student_id, timestamp }) => [student_id, timestamp])
    },
    async knownUsers() {
      const answer = await must(root.get('initialize-Data6ase', { action: 'dump' }))
      return (answer.json.users as { id: string }[]).map(user => user.id)
    },
    storedFileCount: () => countStoredFiles(storage),
    async close() {
      if (!isOpen) return
      isOpen = false
      agent.destroy()
      await service.close()
      if (options.folder !== undefined) return
      await dropDatabase(database)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function configOf(options: ServiceOptions & { prefix: string; database: string; storage: string }): Config {
  const values = {
    prefix: options.prefix,
    database: databaseUrl(options.database),
    storage: options.storage,
    admins: options.admins ?? 'root',
    'max-body-bytes': options.maxBodyBytes,
    'max-file-bytes': options.maxFileBytes,
    'max-files': options.maxFiles,
    'max-tree-bytes': options.maxTreeBytes,
    'max-assignment-bytes': options.maxAssignmentBytes,
    'max-user-bytes': options.maxUserBytes,
    'max-course-bytes': options.maxCourseBytes,
    'retention-days': options.retentionDays,
  }
  const args = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  )
  if (options.debug) args.push('--debug')
  if (options.trustNetwork) args.push('--host=0.0.0.0', '--trust-network')
  if (options.testData) args.push('--test-data')
  args.push(...(options.args ?? []))
  return configFrom(args)
}

/** The settings as an operator would give them. @throws ConfigMistakes */
export function configFrom(args: readonly string[]): Config {
  const commandLine = readCommandLine({ args: ['--vngshare', ...args], environment: {}, version: 'test' })
  if (commandLine.kind !== 'run') throw new Error('the command line of a test does not run')
  return checkSettings(commandLine.texts, commandLine.usage)
}

async function must(asked: Promise<Answer>): Promise<Answer> {
  const answer = await asked
  if (answer.status !== 200)
    throw new Error(`a test could not make its world: ${answer.status} ${answer.text}`)
  return answer
}
