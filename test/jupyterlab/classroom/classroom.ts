/**
 * A hub, an ngshare that is its service, and people who have a notebook server each. The hub is one that only says whose
 * a token is; all the rest is what a class has.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { aChromium, keepPicture } from '../../hubs/hub/chromium.ts'
import { program as ngshare } from '../../hubs/hub/ngshare.ts'
import { Program } from '../../hubs/hub/program.ts'
import { type Answer, type AskOptions, ask } from '../../support/client.ts'
import { aHubForTheFile, type FakeHub } from '../../support/fake-hub.ts'
import { hubEnvironment } from '../../support/hub-service.ts'
import { aFreePort } from '../../support/ports.ts'
import { type Desk, openDesk } from './desk.ts'

const prefix = '/services/ngshare/'

export interface ClassroomOptions {
  /** By course: who teaches it, and who takes it. */
  readonly courses: Readonly<Record<string, { instructors: readonly string[]; students: readonly string[] }>>
  /** For ngshare, besides those that keep it in the folder of the test. */
  readonly options?: readonly string[]
}

export interface Classroom {
  /** Where people find ngshare. */
  readonly url: string
  /** A person at their JupyterLab, which is started when they first come. */
  desk(name: string): Promise<Desk>
  /** Asks ngshare itself, with the token of that person; the path begins at the prefix. */
  ask(name: string, method: string, path: string, options?: AskOptions): Promise<Answer>
  stopNgshare(): Promise<void>
  /** Where it runs already, it goes on. */
  startNgshare(): Promise<void>
}

/** For the tests of a file. */
export function aClassroom(options: ClassroomOptions): () => Classroom {
  const chromium = aChromium()
  let opened: OpenClassroom | null = null
  beforeAll(async () => {
    const hub = await aHubForTheFile()
    const folder = await mkdtemp(join(tmpdir(), 'ngshare-jupyterlab-'))
    opened = new OpenClassroom({ hub, folder, port: await aFreePort(), options, browser: chromium() })
    await opened.begin()
  })
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await opened?.showDesks(task.name)
  })
  afterAll(async () => {
    await opened?.close()
  })
  return () => {
    if (opened === null) throw new Error('a classroom is there in tests only')
    return opened
  }
}

interface Plan {
  readonly hub: FakeHub
  readonly folder: string
  readonly port: number
  readonly options: ClassroomOptions
  readonly browser: Browser
}

class OpenClassroom implements Classroom {
  readonly #plan: Plan
  readonly #desks = new Map<string, Promise<Desk>>()
  readonly #tokens = new Map<string, string>()
  // No connection that is kept may hold up a server that stops.
  readonly #agent = new Agent({ keepAlive: false })
  #ngshare: Program | null = null

  constructor(plan: Plan) {
    this.#plan = plan
  }

  get url(): string {
    return `http://127.0.0.1:${this.#plan.port}${prefix.slice(0, -1)}`
  }

  async begin(): Promise<void> {
    await this.startNgshare()
    for (const [course, { instructors, students }] of Object.entries(this.#plan.options.courses)) {
      await this.#must('POST', `course/${course}`, { instructors })
      for (const student of students) {
        const details = { first_name: student, last_name: 'Example', email: `${student}@example.org` }
        await this.#must('POST', `student/${course}/${student}`, details)
      }
    }
  }

  async startNgshare(): Promise<void> {
    if (this.#ngshare?.isRunning) return
    const { folder, port, hub, options } = this.#plan
    const places = ['--database', `sqlite:///${folder}/ngshare.db`, '--storage', join(folder, 'files')]
    const listens = ['--host', '127.0.0.1', '--port', String(port), '--drain-delay-seconds', '0']
    this.#ngshare = new Program(process.execPath, {
      args: [ngshare, '--admins', 'root', ...places, ...listens, ...(options.options ?? [])],
      folder,
      environment: hubEnvironment(hub, prefix),
    })
    await this.#ngshare.until('ngshare that is healthy', async () => {
      try {
        return (await this.ask('root', 'GET', 'courses')).status === 200
      } catch {
        return false // does not listen yet
      }
    })
  }

  async stopNgshare(): Promise<void> {
    await this.#ngshare?.stop()
  }

  ask(name: string, method: string, path: string, options: AskOptions = {}): Promise<Answer> {
    const headers = { authorization: `token ${this.#tokenOf(name)}`, ...options.headers }
    const server = { port: this.#plan.port, prefix: '', agent: this.#agent }
    return ask(server, method, prefix + path, { ...options, headers })
  }

  desk(name: string): Promise<Desk> {
    const { hub, folder, options, browser } = this.#plan
    const courses = Object.entries(options.courses)
    const teaches = courses.find(([, { instructors }]) => instructors.includes(name))?.[0]
    const desk =
      this.#desks.get(name) ??
      openDesk({
        name,
        home: join(folder, 'homes', name),
        browser,
        ngshare: this.url,
        hub: hub.apiUrl,
        token: this.#tokenOf(name),
        teaches,
      })
    this.#desks.set(name, desk)
    return desk
  }

  /** What everybody sees, and what their notebook servers have said, for whoever looks into a failure. */
  async showDesks(occasion: string): Promise<void> {
    for (const desk of await this.#opened()) {
      console.log(`${desk.name}'s notebook server, at the end:\n${desk.log.slice(-3000)}`)
      await keepPicture(
        desk.page,
        `jupyterlab-failed-${occasion.slice(0, 40).replaceAll(/\W+/g, '-')}-${desk.name}`,
      )
    }
  }

  async close(): Promise<void> {
    await Promise.all((await this.#opened()).map(desk => desk.close()))
    await this.#ngshare?.stop()
    this.#agent.destroy()
    if (process.env.KEEP === '1') console.log(`Kept ${this.#plan.folder}`)
    else await rm(this.#plan.folder, { recursive: true, force: true })
  }

  async #opened(): Promise<Desk[]> {
    const desks = await Promise.allSettled(this.#desks.values())
    return desks.flatMap(desk => (desk.status === 'fulfilled' ? [desk.value] : []))
  }

  #tokenOf(name: string): string {
    const token = this.#tokens.get(name) ?? this.#plan.hub.notebookToken(name)
    this.#tokens.set(name, token)
    return token
  }

  async #must(method: string, path: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
    const { status, text } = await this.ask('root', method, path, { fields })
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${text}`)
  }
}
