/** Follows docs/installation.md from nothing to the first submission. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import {
  keepPicture,
  launch,
  logIn,
  openFromMenu,
  pasteIntoTerminal,
  pressInFormgrader,
  restartServer,
} from './browser.ts'
import { ask, type Exchange, type Files, filesAt, filesIn, tokenOf } from './exchange.ts'
import { commandsBelow } from './page.ts'
import { aReader, follow, interrupt, printed, repository } from './reader.ts'
import { tell } from './story.ts'

const folder = mkdtempSync(join(tmpdir(), 'ngshare-installation-'))
const reader = await aReader(folder)
const hub = reader.environment.HUB_BIND_URL ?? ''
const homes = join(reader.home, 'hub', 'data', 'homes')
const teaching = join(homes, 'kevin', 'teaching', 'course1')
const fetched = join(homes, 'lawrence', 'course1', 'ps1')
/** A server that was not restarted would go on with another one, in the home. */
const gradebook = 'teaching/course1/gradebook.db'
const opened: (() => Promise<unknown>)[] = []

let password = ''
let kevin: Page
let lawrence: Page
let exchange: Exchange

const browser = await launch()
opened.push(() => browser.close())

const passed = await tell('docs/installation.md', [
  {
    sentence: 'the commands of “Install” and “Start” bring up a hub that runs ngshare',
    run: async () => {
      const commands = commandsBelow('1. Install', repository) + commandsBelow('2. Start', repository)
      const process = follow(reader, commands)
      opened.push(() => interrupt(process))
      const output = await printed({ process, reader }, 'JupyterHub is now running', 240_000)
      password = /The password is (\S+)/.exec(output)?.[1] ?? ''
      assert.match(password, /^.{8,}$/)
      const answer = await fetch(`${hub}/services/ngshare/healthz`)
      assert.equal(answer.status, 200)
    },
  },
  {
    sentence: 'nobody comes in with another password',
    run: async () => {
      await assert.rejects(async () => {
        const page = await (await browser.newContext()).newPage()
        await page.goto(hub)
        await page.fill('#username_input', 'alice')
        await page.fill('#password_input', 'guessed-it')
        await page.click('#login_submit')
        await page.waitForSelector('.jp-LauncherCard', { timeout: 3000 })
      }, /Timeout/)
    },
  },
  {
    sentence: 'alice, an admin of ngshare, creates the course in a terminal of JupyterLab',
    run: async () => {
      const alice = await logIn(browser, { hub, name: 'alice', password })
      await pasteIntoTerminal(alice, commandsBelow('3. A course', repository))
      const url = `${hub}/services/ngshare`
      const token = await tokenOf(await alice.context().newPage(), hub, 'alice')
      exchange = { url, token }
      await eventually(() => ask(exchange, '/instructors/course1'))
      await keepPicture(alice, 'course')
      await alice.context().close()
    },
  },
  {
    sentence: 'kevin, its instructor, enrols lawrence, takes the example and restarts his server',
    run: async () => {
      kevin = await logIn(browser, { hub, name: 'kevin', password })
      await pasteIntoTerminal(kevin, commandsBelow('4. An assignment', repository))
      await eventually(async () => assert.ok(filesIn(join(teaching, 'source', 'ps1'))['problem1.ipynb']))
      await eventually(() => ask(exchange, '/student/course1/lawrence'))
      const { students } = await ask(exchange, '/students/course1')
      assert.deepEqual(
        students.map(({ username }) => username),
        ['lawrence'],
      )
      await keepPicture(kevin, 'terminal')
      kevin = await restartServer(kevin)
    },
  },
  {
    sentence:
      'kevin generates and releases it with two clicks in the formgrader, and ngshare has it byte for byte',
    run: async () => {
      await kevin.goto(`${hub}/hub/user-redirect/formgrader`)
      assert.match(await pressInFormgrader(kevin, 'assign'), /Successfully created/)
      assert.match(await pressInFormgrader(kevin, 'release'), /Successfully released/)
      await keepPicture(kevin, 'formgrader')
      const released = await filesAt(exchange, '/assignment/course1/ps1')
      assert.deepEqual(Object.keys(released).sort(), ['jupyter.png', 'problem1.ipynb', 'problem2.ipynb'])
      assert.deepEqual(released, filesIn(join(teaching, 'release', 'ps1')))
    },
  },
  {
    sentence: 'lawrence fetches it in the assignment list, and has what was released',
    run: async () => {
      lawrence = await logIn(browser, { hub, name: 'lawrence', password })
      await openFromMenu(lawrence, 'Nbgrader', 'Assignment List')
      await lawrence.locator('#released_assignments_list').getByRole('button', { name: 'Fetch' }).click()
      const submit = lawrence.locator('#fetched_assignments_list').getByRole('button', { name: 'Submit' })
      await submit.waitFor()
      await keepPicture(lawrence, 'fetched')
      assert.deepEqual(filesIn(fetched), filesIn(join(teaching, 'release', 'ps1')))
    },
  },
  {
    sentence: 'lawrence submits it with one click, and ngshare has it byte for byte',
    run: async () => {
      await lawrence.locator('#fetched_assignments_list').getByRole('button', { name: 'Submit' }).click()
      await lawrence
        .locator('#submitted_assignments_list')
        .getByText(/^\d{4}-\d\d-\d\d /)
        .waitFor()
      await keepPicture(lawrence, 'submitted')
      const { submissions } = await ask(exchange, '/submissions/course1/ps1')
      assert.deepEqual(
        submissions.map(({ student_id }) => student_id),
        ['lawrence'],
      )
      assert.deepEqual(await filesAt(exchange, '/submission/course1/ps1/lawrence'), filesIn(fetched))
    },
  },
  {
    sentence: 'kevin collects it in the formgrader',
    run: async () => {
      await kevin.reload()
      assert.match(await pressInFormgrader(kevin, 'collect'), /Successfully collected/)
      await keepPicture(kevin, 'collected')
      const { 'timestamp.txt': _, ...collected } = filesIn(join(teaching, 'submitted', 'lawrence', 'ps1'))
      assert.deepEqual(collected, filesIn(fetched))
    },
  },
  {
    sentence: 'kevin grades it and releases the feedback in the formgrader, and ngshare has it byte for byte',
    run: async () => {
      await kevin.locator('td.num-submissions a').click()
      assert.match(await pressInFormgrader(kevin, 'autograde'), /Successfully autograded/)
      assert.deepEqual(Object.keys(filesIn(join(homes, 'kevin'))).filter(isGradebook), [gradebook])
      await keepPicture(kevin, 'graded')
      await kevin.goto(`${hub}/hub/user-redirect/formgrader`)
      assert.match(await pressInFormgrader(kevin, 'generate-feedback'), /Successfully generated/)
      assert.match(await pressInFormgrader(kevin, 'release-feedback'), /Successfully released/)
      const { submissions } = await ask(exchange, '/submissions/course1/ps1')
      const timestamp = encodeURIComponent(submissions[0]?.timestamp ?? '')
      assert.deepEqual(
        await filesAt(exchange, `/feedback/course1/ps1/lawrence?timestamp=${timestamp}`),
        generatedFeedback(),
      )
    },
  },
  {
    sentence: 'lawrence fetches the feedback',
    run: async () => {
      const submitted = lawrence.locator('#submitted_assignments_list')
      await submitted.getByRole('button', { name: 'Fetch Feedback' }).click()
      await submitted.getByText('view feedback').waitFor()
      await keepPicture(lawrence, 'feedback')
      const pages = Object.values(filesIn(join(fetched, 'feedback')))
      assert.deepEqual(pages.sort(), Object.values(generatedFeedback()).sort())
    },
  },
  {
    sentence: 'the address of ngshare’s own page leads there, and it knows who is asking',
    run: async () => {
      await kevin.goto(`${hub}/services/ngshare/`)
      const text = await kevin.locator('body').innerText()
      assert.match(text, /kevin/)
      assert.match(text, /course1/)
      await keepPicture(kevin, 'own-page')
    },
  },
])

function isGradebook(path: string): boolean {
  return path.endsWith('gradebook.db')
}

function generatedFeedback(): Files {
  const files = filesIn(join(teaching, 'feedback', 'lawrence', 'ps1'))
  return Object.fromEntries(Object.entries(files).filter(([name]) => name.endsWith('.html')))
}

/** Repeats a question until it can be answered: commands in a terminal take their time. */
async function eventually(question: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 180_000
  for (;;) {
    try {
      await question()
      return
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise(resolve => setTimeout(resolve, 500))
    }
  }
}

for (const close of opened.reverse()) await close()
if (!passed) console.log(readFileSync(reader.log, 'utf8').slice(-6000))
if (process.env.KEEP === '1') console.log(`Kept ${folder}`)
else rmSync(folder, { recursive: true, force: true })
process.exit(passed ? 0 : 1)
