/** A person with a home and a JupyterLab of their own, in front of a browser. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { Program, path, repository } from '../../hubs/hub/program.ts'
import { aFreePort } from '../../support/ports.ts'
import { AssignmentList } from './assignment-list.ts'
import { CourseList } from './course-list.ts'
import { Formgrader } from './formgrader.ts'

const python = join(repository, '.venv', 'jupyterlab', 'bin')
/** A notebook server takes its time on a busy machine, and more to grade. */
const patienceMs = 60_000

interface Place {
  readonly name: string
  readonly home: string
  readonly browser: Browser
  readonly ngshare: string
  /** The API of the hub. */
  readonly hub: string
  readonly token: string
  /** The course that their formgrader is for. */
  readonly teaches: string | undefined
}

export class Desk {
  readonly name: string
  readonly home: string
  readonly page: Page
  readonly #lab: Program
  readonly #address: string

  constructor(place: Place, lab: Program, page: Page, address: string) {
    this.name = place.name
    this.home = place.home
    this.page = page
    this.#lab = lab
    this.#address = address
  }

  /** What the notebook server has logged. */
  get log(): string {
    return this.#lab.output
  }

  /** JupyterLab as after a visit to the login page: nothing open. */
  async comeIn(): Promise<void> {
    await this.page.goto(`${this.#address}/lab?reset`)
    await this.page.waitForSelector('.jp-LauncherCard')
  }

  async openFormgrader(): Promise<Formgrader> {
    await this.comeIn()
    return Formgrader.open(this.page)
  }

  async openAssignmentList(): Promise<AssignmentList> {
    await this.comeIn()
    return AssignmentList.open(this.page)
  }

  async openCourseList(): Promise<CourseList> {
    await this.comeIn()
    return CourseList.open(this.page)
  }

  write(file: string, content: string | Buffer): void {
    const target = join(this.home, file)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, content)
  }

  async close(): Promise<void> {
    await this.page.context().close()
    await this.#lab.stop()
  }
}

export async function openDesk(place: Place): Promise<Desk> {
  configure(place)
  const port = await aFreePort()
  const address = `http://127.0.0.1:${port}`
  const options = {
    ip: '127.0.0.1',
    port: String(port),
    port_retries: '0',
    open_browser: 'False',
    root_dir: place.home,
    allow_root: 'True',
  }
  const lab = new Program(join(python, 'jupyter-lab'), {
    args: [
      ...Object.entries(options).map(([name, value]) => `--ServerApp.${name}=${value}`),
      '--IdentityProvider.token=',
    ],
    folder: place.home,
    environment: environmentOf(place),
  })
  await lab.until('JupyterLab', () => answers(`${address}/api/status`))
  const context = await place.browser.newContext({ viewport: { width: 1400, height: 900 } })
  context.setDefaultTimeout(patienceMs)
  return new Desk(place, lab, await context.newPage(), address)
}

/** What a hub gives to the notebook servers that it starts, and nothing of the caller's. */
function environmentOf({ name, home, token, ngshare, hub }: Place): Record<string, string> {
  return {
    PATH: [python, path].join(delimiter),
    HOME: home,
    LC_ALL: 'C.UTF-8',
    JUPYTERHUB_USER: name,
    JUPYTERHUB_API_URL: hub,
    JUPYTERHUB_API_TOKEN: token,
    NGSHARE_URL: ngshare,
  }
}

function configure({ home, teaches }: Place): void {
  const config = join(home, '.jupyter')
  mkdirSync(join(config, 'labconfig'), { recursive: true })
  const course = `
c.CourseDirectory.course_id = "${teaches}"
c.CourseDirectory.root = os.path.expanduser("~/${teaches}")
`
  writeFileSync(
    join(config, 'nbgrader_config.py'),
    `import os

import ngshare_exchange

c = get_config()
ngshare_exchange.configure(c, os.environ["NGSHARE_URL"])
c.Exchange.path_includes_course = True
${teaches === undefined ? '' : course}`,
  )
  if (teaches !== undefined) mkdirSync(join(home, teaches))
  // JupyterLab would ask whether it may fetch news.
  const news = { disabledExtensions: { '@jupyterlab/apputils-extension:announcements': true } }
  writeFileSync(join(config, 'labconfig', 'page_config.json'), JSON.stringify(news))
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false // does not listen yet
  }
}
