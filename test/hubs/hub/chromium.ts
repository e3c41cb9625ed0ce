/** Real Chromium, with a fresh profile for every person. */
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { parseSetCookie } from 'cookie'
import {
  type BrowserContext,
  type BrowserContextOptions,
  type Browser as Chromium,
  chromium,
  type Page,
  type Response,
} from 'playwright-core'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { repository } from './program.ts'
import type { World } from './world.ts'

const screenshots = join(repository, '.ci', 'work', 'screenshots')
const patienceMs = 15_000

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface Person {
  readonly page: Page
  readonly context: BrowserContext
  /** What scripts and the page's own rules complained about. */
  readonly complaints: readonly string[]
}

/** For the tests of the surrounding `describe`. */
export function aChromium(): () => Chromium {
  let browser: Chromium | null = null
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags, headless: true })
  })
  afterAll(() => browser?.close())
  return () => {
    if (browser === null) throw new Error('a browser is there in tests only')
    return browser
  }
}

/** Somebody at a browser of their own, until the test ends. What must not be in a log is noted. */
export async function somebodyAt(
  browser: Chromium,
  world: World,
  options: Pick<BrowserContextOptions, 'bypassCSP'> = {},
): Promise<Person> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...options })
  context.setDefaultTimeout(patienceMs)
  context.on('request', request => world.secrets.keepParametersOf(new URL(request.url())))
  context.on('response', async response => {
    for (const header of await headersSettingCookies(response)) {
      const { name, value = '' } = parseSetCookie(header, { decode: text => text })
      world.secrets.keep(`cookie ${name}`, value.replaceAll('"', ''))
    }
  })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  return { page, context, complaints }
}

async function headersSettingCookies(response: Response): Promise<string[]> {
  try {
    const headers = await response.headersArray()
    return headers.filter(({ name }) => name.toLowerCase() === 'set-cookie').map(({ value }) => value)
  } catch {
    return [] // the browser was closed meanwhile
  }
}

/** On the hub's login page: fills it in. */
export async function logIn(page: Page, name: string): Promise<void> {
  await page.fill('#username_input', name)
  await page.fill('#password_input', 'any')
  await page.click('#login_submit')
}

/** Somebody who has logged in and sees our first page. */
export async function loggedInAt(
  browser: Chromium,
  world: World,
  name: string,
  options: Pick<BrowserContextOptions, 'bypassCSP'> = {},
): Promise<Person> {
  const person = await somebodyAt(browser, world, options)
  await person.page.goto(world.page())
  await logIn(person.page, name)
  await person.page.waitForURL(world.page())
  return person
}

export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true })
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true })
}

/** A page that sends this form elsewhere as soon as it is shown; at a port of its own, until the test ends. */
export async function aPageThatPosts(to: string, fields: Readonly<Record<string, string>>): Promise<number> {
  const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`)
  const html = `<form method="post" action="${to}">${inputs.join('')}</form><script>document.forms[0].submit()</script>`
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end(html)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
