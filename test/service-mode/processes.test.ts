/** As the hub runs it: `bin/ngshare` in a process of its own, with the few variables that the hub hands over. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFailed, onTestFinished } from 'vitest'
import { eventually } from '../faults/eventually.ts'
import { ask, formText } from '../support/client.ts'
import { aHub, type FakeHub } from '../support/fake-hub.ts'
import { hubEnvironment, refuseSecrets } from '../support/hub-service.ts'
import { aFreePort } from '../support/ports.ts'
import { file } from '../support/trees.ts'
import { firstAnswer, readToEnd } from '../support/wire.ts'

const program = fileURLToPath(new URL('../../bin/ngshare', import.meta.url))
const prefix = '/services/ngshare/'

interface StartOptions {
  readonly hub: FakeHub
  readonly port?: number
  readonly args?: readonly string[]
  /** Undefined takes away. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

interface Running {
  readonly port: number
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  said(): { out: string; err: string }
  signal(name: NodeJS.Signals): void
  asks(method: string, path: string, token: string, fields?: Record<string, unknown>): ReturnType<typeof ask>
}

/** Started, and not waited for. */
async function start(options: StartOptions): Promise<Running> {
  const { hub, args = [] } = options
  const port = options.port ?? (await aFreePort())
  const folder = mkdtempSync(join(tmpdir(), 'ngshare-test-'))
  const own = ['--database', `sqlite:///${folder}/ngshare.db`, '--storage', `${folder}/files`]
  const env = {
    PATH: process.env.PATH ?? '',
    LANG: 'C.UTF-8',
    ...hubEnvironment(hub, prefix),
    JUPYTERHUB_SERVICE_URL: `http://127.0.0.1:${port}`,
    ...options.environment,
  }
  const child = spawn(process.execPath, [program, ...own, '--admins=root', ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err] = [textOf(child.stdout), textOf(child.stderr)]
  const exited = endOf(child)
  const agent = new Agent({ keepAlive: true })
  onTestFailed(() => console.error(err().slice(-4000)))
  onTestFinished(async () => {
    agent.destroy()
    child.kill('SIGKILL')
    await exited
    rmSync(folder, { recursive: true, force: true })
    refuseSecrets([out(), err()], hub.secrets)
  })
  return {
    port,
    exited,
    said: () => ({ out: out(), err: err() }),
    signal: name => child.kill(name),
    asks: (method, path, token, fields) =>
      ask({ port, prefix, agent }, method, prefix + path, {
        headers: { authorization: `token ${token}` },
        ...(fields === undefined ? {} : { fields }),
      }),
  }
}

async function startAndWait(options: StartOptions): Promise<Running> {
  const running = await start(options)
  await eventually('the server answers', () => isListening(running.port))
  return running
}

async function endOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  const [code, signal] = await once(child, 'close')
  return { code, signal }
}

function textOf(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false // not yet, or not any more
  } finally {
    socket.destroy()
  }
}

/** Knocks without a pause; what is said to the first whom the system lets in. */
async function firstLetIn(port: number): Promise<string> {
  const until = performance.now() + 20_000
  while (performance.now() < until) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
    } catch {
      continue // nobody listens yet
    }
    socket.write(`GET ${prefix}healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    return readToEnd(socket)
  }
  throw new Error('nobody was let in')
}

/** Of what was said on standard error, what is for people rather than for log collectors. */
function plainLines(text: string): string[] {
  return text.split('\n').filter(line => line !== '' && !line.startsWith('{'))
}

describe('a service that its hub starts', () => {
  it('serves, with the variables of the hub and no others', async () => {
    const hub = await aHub()
    const running = await startAndWait({ hub })
    const answer = await running.asks('GET', 'courses', hub.notebookToken('bob'))
    expect(answer).toMatchObject({ status: 200, json: { success: true, courses: [] } })
    running.signal('SIGINT')
    expect(await running.exited).toEqual({ code: 0, signal: null })
    for (const line of running.said().err.split('\n')) {
      if (line !== '') expect(() => JSON.parse(line)).not.toThrow()
    }
  })

  it('answers at once what the hub asks to see whether it is up', async () => {
    const hub = await aHub()
    const running = await startAndWait({ hub })
    const agent = new Agent()
    const answer = await ask({ port: running.port, prefix, agent }, 'GET', prefix)
    expect(answer.status).toBeLessThan(500)
  })

  it('answers whomever it lets in, from the first on', async () => {
    const hub = await aHub()
    for (let round = 0; round < 3; round++) {
      const { port } = await start({ hub })
      expect(firstAnswer(await firstLetIn(port))).toMatchObject({ status: 200 })
    }
  })

  it.each(['auto', 'strict', 'off'])('says that it checks tokens as it was told: %s', async check => {
    const hub = await aHub()
    const running = await startAndWait({ hub, args: [`--token-check=${check}`] })
    await eventually('it says so', () => running.said().err.includes(`"tokenCheck":"${check}"`))
  })

  it('listens where the hub says, on all addresses', async () => {
    const hub = await aHub()
    const port = await aFreePort()
    const environment = { JUPYTERHUB_SERVICE_URL: `http://ngshare.invalid:${port}` }
    const running = await startAndWait({ hub, port, environment })
    await eventually('it says so', () => running.said().err.includes('0.0.0.0'))
  })
})

describe.each(['SIGINT', 'SIGTERM'] as const)('a service that gets %s', signal => {
  it('answers who is being served, also who waits for the hub, and ends with status 0', async () => {
    const hub = await aHub()
    const running = await startAndWait({ hub })
    const token = hub.notebookToken('bob')
    hub.breakDown('late')
    const answer = running.asks('GET', 'courses', token)
    await eventually('the hub is asked', () => hub.callsTo('/user', token).length === 1)
    running.signal(signal)
    expect(await answer).toMatchObject({ status: 200, json: { courses: [] } })
    expect(await running.exited).toEqual({ code: 0, signal: null })
  })

  it('stores the submission that is under way', async () => {
    const hub = await aHub()
    const running = await startAndWait({ hub })
    const [root, bob] = [hub.notebookToken('root'), hub.notebookToken('bob')]
    await running.asks('POST', 'course/physics', root, {})
    await running.asks('POST', 'student/physics/bob', root, { first_name: '', last_name: '', email: '' })
    await running.asks('POST', 'assignment/physics/ps1', root, { files: [] })
    const body = formText({ files: [file('ps1.ipynb', 'work')] })
    const socket = connect(running.port, '127.0.0.1')
    socket.write(
      `POST ${prefix}submission/physics/ps1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n` +
        `Authorization: token ${bob}\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body.slice(0, 20)}`,
    )
    await eventually('the hub is asked', () => hub.callsTo('/user', bob).length === 1)
    running.signal(signal)
    await eventually('nobody else is let in', async () => !(await isListening(running.port)))
    socket.write(body.slice(20))
    expect(firstAnswer(await readToEnd(socket))).toMatchObject({
      status: 200,
      json: { timestamp: expect.any(String) },
    })
    expect(await running.exited).toEqual({ code: 0, signal: null })
  })

  it('ends in good time while the hub hangs', async () => {
    const hub = await aHub()
    const running = await startAndWait({ hub, args: ['--hub-timeout-seconds=2'] })
    const token = hub.notebookToken('bob')
    hub.breakDown('hang')
    const answer = running.asks('GET', 'courses', token)
    await eventually('the hub is asked', () => hub.callsTo('/user', token).length === 1)
    const startedAt = performance.now()
    running.signal(signal)
    expect((await answer).status).toBe(503)
    expect(await running.exited).toEqual({ code: 0, signal: null })
    expect(performance.now() - startedAt).toBeLessThan(5000)
  })
})

describe('a service that cannot start', () => {
  it('says that the port is taken, and ends with status 1', async () => {
    const hub = await aHub()
    const first = await startAndWait({ hub })
    const second = await start({ hub, port: first.port })
    expect(await second.exited).toEqual({ code: 1, signal: null })
    const lines = plainLines(second.said().err)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(String(first.port))
    expect(second.said().err).not.toMatch(/\n\s+at /)
    expect(await isListening(first.port)).toBe(true)
  })

  it.each(['', undefined])('says that it lacks its token (%j), and ends with status 2', async value => {
    const { exited, said } = await start({
      hub: await aHub(),
      environment: { JUPYTERHUB_API_TOKEN: value },
    })
    expect(await exited).toEqual({ code: 2, signal: null })
    expect(said().err).toContain('JUPYTERHUB_API_TOKEN')
    expect(said().err).not.toMatch(/\n\s+at /)
    expect(said().out).toBe('')
  })

  it('says all that is wrong, and ends with status 2', async () => {
    const hub = await aHub()
    const { exited, said } = await start({
      hub,
      args: ['--token-check=sometimes', '--port=eighty', '--no-such-option'],
    })
    expect(await exited).toEqual({ code: 2, signal: null })
    for (const word of ['--token-check', '--port', '--no-such-option']) expect(said().err).toContain(word)
  })
})
