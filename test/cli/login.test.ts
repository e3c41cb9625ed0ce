/** Who one is to which server: the real program against a service of a hub, and a stand-alone server. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { aHub } from '../support/fake-hub.ts'
import { aHubService } from '../support/hub-service.ts'
import { aFreePort } from '../support/ports.ts'
import { aService } from '../support/service.ts'
import { aTerminal, program, type Terminal, terminalOf, urlOf } from './terminal.ts'

/** A service of a hub, where ann teaches physics; and a token that she requested at the hub's page. */
async function aHubWithAnn() {
  const hub = await aHub()
  const service = await aHubService({ hub })
  await service.aCourse('physics', { instructors: ['ann'] })
  return { hub, service, url: urlOf(service), token: hub.notebookToken('ann') }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

const savedIn = (folder: string) => join(folder, '.config/ngshare/logins.json')

describe('login', () => {
  it('saves a token that is good, for nobody else to read, and every command uses it from then on', async () => {
    const { url, token } = await aHubWithAnn()
    const { ngshare, folder } = await aTerminal()
    expect(await ngshare(['login', url], `${token}\n`)).toMatchObject({
      status: 0,
      out: `Logged in to ${url} as ann.\nSaved in ${savedIn(folder)}.`,
    })
    const file = await stat(savedIn(folder))
    expect(file.mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, '.config/ngshare'))).mode & 0o777).toBe(0o700)
    expect((await ngshare(['course', 'list', '--json'])).json).toMatchObject({
      courses: [{ course: 'physics' }],
    })
    expect((await ngshare(['whoami'])).out).toMatch(/^ann, at .*\nknown by: saved login$/)
  })

  it('tells where tokens come from, and never shows one', async () => {
    const { url, token } = await aHubWithAnn()
    const { ngshare } = await aTerminal()
    const { out, err } = await ngshare(['login', url], token)
    expect(err).toContain(`request one at ${url.replace('services/ngshare/', 'hub/token')}`)
    expect(out + err).not.toContain(token)
  })

  it('refuses a token that is not good, and saves nothing', async () => {
    const { url } = await aHubWithAnn()
    const { ngshare, folder } = await aTerminal()
    const failed = await ngshare(['login', url], 'not-a-token-of-this-hub\n')
    expect(failed).toMatchObject({ status: 1, out: '' })
    expect(failed.err).toContain('Login required')
    expect(failed.err).not.toContain('not-a-token-of-this-hub')
    await expect(readFile(savedIn(folder))).rejects.toThrow('ENOENT')
  })

  it('refuses what cannot be a token before it is sent', async () => {
    const { ngshare } = await aTerminal()
    expect(await ngshare(['login', 'https://hub.invalid/services/ngshare/'], '\n')).toMatchObject({
      status: 2,
      err: expect.stringContaining('that is no token'),
    })
  })

  it('takes the token from a file', async () => {
    const { url, token } = await aHubWithAnn()
    const { ngshare, folder } = await aTerminal()
    await writeFile(join(folder, 'token'), `${token}\n`)
    expect((await ngshare(['login', url, '--token-file', 'token'])).status).toBe(0)
  })

  it('has no option for a token itself: everybody on the machine could read it', async () => {
    const { ngshare } = await aTerminal()
    const { status, err } = await ngshare(['login', 'https://hub.invalid/', '--token', 'secret'])
    expect({ status, err }).toMatchObject({
      status: 2,
      err: expect.stringContaining("unknown option '--token'"),
    })
  })

  it('saves a name for a stand-alone server', async () => {
    const service = await aService({ testData: true })
    const { ngshare } = await aTerminal()
    expect((await ngshare(['login', urlOf(service), '--user', 'kevin'])).status).toBe(0)
    expect((await ngshare(['course', 'list'])).out).toContain('course1')
  })

  it('knows several servers: the last one is meant where none is named', async () => {
    const { url, token } = await aHubWithAnn()
    const other = await aService({ testData: true })
    const { ngshare } = await aTerminal()
    await ngshare(['login', url], token)
    await ngshare(['login', urlOf(other), '--user', 'kevin'])
    expect((await ngshare(['course', 'list'])).out).toContain('course1')
    expect((await ngshare(['course', 'list', '--url', url])).out).toContain('physics')
    expect((await ngshare(['logout'])).out).toBe(`Logged out from ${urlOf(other)}.`)
    expect((await ngshare(['course', 'list'])).out).toContain('physics')
    expect((await ngshare(['logout', url])).status).toBe(0)
    expect(await ngshare(['course', 'list'])).toMatchObject({
      status: 2,
      err: expect.stringMatching(/^which server\? Say --url/),
    })
    expect((await ngshare(['logout'])).out).toBe('There was no such login.')
  })

  it('does not overwrite logins that it cannot read', async () => {
    const { url, token } = await aHubWithAnn()
    const { ngshare, folder } = await aTerminal()
    await ngshare(['login', url], token)
    await writeFile(savedIn(folder), '{"servers": {')
    expect(await ngshare(['login', url], token)).toMatchObject({
      status: 2,
      err: expect.stringContaining('does not hold logins: remove it'),
    })
    expect(await readFile(savedIn(folder), 'utf8')).toBe('{"servers": {')
  })
})

describe('the server and the token', () => {
  it('come from the variables, which win over a saved login', async () => {
    const { hub, url, token } = await aHubWithAnn()
    const { ngshare, folder } = await aTerminal()
    await ngshare(['login', url], token)
    const [file, XDG_CONFIG_HOME] = [join(folder, 'bob'), join(folder, '.config')]
    await writeFile(file, hub.notebookToken('bob'))
    for (const variable of [{ NGSHARE_TOKEN: hub.notebookToken('bob') }, { NGSHARE_TOKEN_FILE: file }]) {
      const other = await aTerminal({ XDG_CONFIG_HOME, ...variable })
      expect((await other.ngshare(['whoami'])).out).toMatch(/^bob, at/)
    }
    const third = await aTerminal({ XDG_CONFIG_HOME })
    expect((await third.ngshare(['whoami'])).out).toMatch(/^ann, at/)
  })

  it('are those of the notebook server where the command runs in one', async () => {
    const { hub, service, token } = await aHubWithAnn()
    const { ngshare } = await aTerminal({
      JUPYTERHUB_API_TOKEN: token,
      JUPYTERHUB_API_URL: hub.apiUrl,
      JUPYTERHUB_BASE_URL: '/',
      JUPYTERHUB_PUBLIC_HUB_URL: `http://127.0.0.1:${service.port}/hub/`,
    })
    expect((await ngshare(['whoami'])).out).toMatch(/^ann, at .*\nknown by: the token of this notebook$/)
  })

  it('go together: the token of a notebook is shown to no other server', async () => {
    const seen: string[] = []
    const stranger = createServer((request, response) => {
      seen.push(request.headers.authorization ?? '')
      response.end('{}')
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void stranger.close())
    const { hub, service, token } = await aHubWithAnn()
    const { ngshare } = await aTerminal({
      JUPYTERHUB_API_TOKEN: token,
      JUPYTERHUB_API_URL: hub.apiUrl,
      NGSHARE_URL: urlOf(service),
    })
    const port = portOf(stranger)
    expect(await ngshare(['whoami', '--url', `http://127.0.0.1:${port}/`])).toMatchObject({
      status: 2,
      err: expect.stringContaining('no token for'),
    })
    expect(seen).toEqual([])
  })

  it('that is not good any more is told with what to do', async () => {
    const { hub, url, token } = await aHubWithAnn()
    const { ngshare } = await aTerminal({ NGSHARE_URL: url, NGSHARE_TOKEN: token })
    hub.revoke(token)
    const { status, err } = await ngshare(['course', 'list'])
    expect(status).toBe(1)
    expect(err).toContain(`the token is that of NGSHARE_TOKEN; to save a new one: ngshare login ${url}`)
    expect(err).not.toContain(token)
  })

  it('that is not there is told in words', async () => {
    const url = `http://127.0.0.1:${await aFreePort()}/`
    const { ngshare } = await aTerminal({ NGSHARE_URL: url, NGSHARE_USER: 'kevin' })
    expect(await ngshare(['course', 'create', 'math'])).toMatchObject({
      status: 1,
      err: `no answer from ${url.slice(0, -1)}: nothing listens there`,
    })
  })

  it('that is no ngshare is told in words', async () => {
    const service = await aService()
    const { ngshare } = await aTerminal({
      NGSHARE_URL: `http://127.0.0.1:${service.port}/elsewhere/`,
      NGSHARE_USER: 'kevin',
    })
    expect(await ngshare(['course', 'list'])).toMatchObject({
      status: 1,
      err: expect.stringContaining('There is no ngshare with this API at the address'),
    })
  })
})

describe('on a terminal', () => {
  /** What is seen, 40 letters wide, when somebody types `text` where they are asked `question`. */
  async function typing(
    { folder, environment }: Terminal,
    command: string,
    { question = '', text = '' }: { question?: string; text?: string } = {},
  ): Promise<{ out: string; status: number | null }> {
    const line = `stty cols 40; ${process.execPath} ${program} ${command}`
    const child = spawn('script', ['-qefc', line, '/dev/null'], { cwd: folder, env: environment })
    let [seen, isAnswered] = ['', false]
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      seen += chunk
      if (isAnswered || !seen.includes(question)) return
      isAnswered = true
      child.stdin.write(text)
    })
    const [status] = await once(child, 'close')
    return { out: stripVTControlCharacters(seen).replaceAll('\r', ''), status }
  }

  it('the token that is typed is not shown', async () => {
    const { url, token } = await aHubWithAnn()
    const question = 'Token (not shown):'
    const { out, status } = await typing(await aTerminal(), `login ${url}`, { question, text: `${token}\n` })
    expect({ out, status }).toEqual({ out: expect.stringContaining('as ann.'), status: 0 })
    expect(out).not.toContain(token)
  })

  it('a change that needs a yes asks for it', async () => {
    const service = await aService()
    await service.aCourse('math')
    const terminal = await terminalOf(service, 'root')
    const no = await typing(terminal, 'course delete math', { question: '[y/N]', text: 'n\n' })
    expect(no.out).toContain('Delete the course math, with all that is in it? [y/N]')
    expect(no.out).toContain('nothing was changed')
    expect((await terminal.ngshare(['course', 'show', 'math'])).status).toBe(0)
    const yes = await typing(terminal, 'course delete math', { question: '[y/N]', text: 'y\n' })
    expect(yes.out).toContain('math is deleted')
    expect((await terminal.ngshare(['course', 'show', 'math'])).status).toBe(1)
  })

  it('Ctrl-C at a question changes nothing, and ends with the status of an interrupted command', async () => {
    const service = await aService()
    await service.aCourse('math')
    const terminal = await terminalOf(service, 'root')
    const { status, out } = await typing(terminal, 'course delete math', {
      question: '[y/N]',
      text: '\u0003',
    })
    expect({ status, out }).toEqual({ status: 130, out: expect.stringContaining('stopped') })
    expect((await terminal.ngshare(['course', 'show', 'math'])).status).toBe(0)
  })

  it('Ctrl-C ends a command that waits for an answer', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => silent.closeAllConnections())
    const { folder, environment } = await terminalOf({ port: portOf(silent), prefix: '/' }, 'kevin')
    const child = spawn(process.execPath, [program, 'course', 'list'], { cwd: folder, env: environment })
    const said = text(child.stderr)
    await once(silent, 'request')
    child.kill('SIGINT')
    expect(await once(child, 'close')).toEqual([130, null])
    expect(await said).toBe('stopped\n')
  })

  it('a table is no wider than the terminal', async () => {
    const service = await aService()
    await service.aCourse('a course with a name that is much too long for it')
    const { out } = await typing(await terminalOf(service, 'root'), 'course list')
    const lines = out.trimEnd().split('\n')
    expect(lines[1]).toMatch(/^a course[^…]*… /)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(40)
  })
})
