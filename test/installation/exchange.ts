/** Asks the running ngshare what it holds, over its API, with a token that the hub gives to people. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

/** Path to content. */
export type Files = Readonly<Record<string, string>>

export interface Exchange {
  readonly url: string
  readonly token: string
}

/** A token as people make them at /hub/token. */
export async function tokenOf(page: Page, hub: string, user: string): Promise<string> {
  await page.goto(`${hub}/hub/token`)
  const cookies = await page.context().cookies(`${hub}/hub/`)
  const xsrf = cookies.find(({ name }) => name === '_xsrf')?.value ?? ''
  const answer = await page.request.post(`${hub}/hub/api/users/${user}/tokens`, {
    headers: { 'x-xsrftoken': xsrf, origin: hub, referer: `${hub}/hub/token` },
    data: { note: 'the installation test' },
  })
  if (!answer.ok()) throw new Error(`no token: ${answer.status()} ${await answer.text()}`)
  return ((await answer.json()) as { token: string }).token
}

interface Answer {
  readonly files: readonly { path: string; content: string; checksum: string }[]
  readonly submissions: readonly { student_id: string; timestamp: string }[]
  readonly students: readonly { username: string }[]
}

export async function ask({ url, token }: Exchange, path: string): Promise<Answer> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `token ${token}` } })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`GET ${path} answered ${response.status}: ${text}`)
  return JSON.parse(text) as Answer
}

/** The files of a release or submission, each held against its checksum. */
export async function filesAt(exchange: Exchange, path: string): Promise<Files> {
  const { files } = await ask(exchange, path)
  return Object.fromEntries(
    files.map(({ path: name, content, checksum }) => {
      const bytes = Buffer.from(content, 'base64')
      if (createHash('md5').update(bytes).digest('hex') !== checksum)
        throw new Error(`${name} has another checksum`)
      return [name, bytes.toString('base64')]
    }),
  )
}

export function filesIn(folder: string): Files {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const files = names.filter(name => statSync(join(folder, name)).isFile())
  return Object.fromEntries(
    files.sort().map(name => [name, readFileSync(join(folder, name)).toString('base64')]),
  )
}
