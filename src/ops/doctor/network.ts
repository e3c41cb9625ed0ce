/** Whether the server can listen, or does, and whether requests find it by the address that people use. */
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { createServer } from 'node:net'
import type { Config } from '../../config/config.ts'
import { errorCode } from '../../domain/errors.ts'
import { type Finding, findings } from './finding.ts'

const timeoutMs = 10_000

/** `isRunning`: a server that looks like ours listens there. */
export async function checkPort(config: Config): Promise<{ found: Finding; isRunning: boolean }> {
  const { ok, wrong, skipped } = findings('port')
  const { host, port } = config.listen
  const result = (found: Finding, isRunning = false) => ({ found, isRunning })
  if (port === 0) return result(skipped('0 takes any free port'))
  const failure = await whyNotListen(host, port)
  if (failure === null) return result(ok(`${port} is free; no server runs`))
  if (failure === 'EADDRINUSE') {
    if (await answersHealth(config)) return result(ok(`${port}: the server runs`), true)
    return result(
      wrong(
        `another program listens on port ${port}, or a server with another prefix than ${config.prefix}`,
        `Find it (ss -ltnp 'sport = :${port}') and end it, such as an older server after the hub was killed; or choose another --port, and the same in the url of the service.`,
      ),
    )
  }
  const [says, fix] = listenFailures[failure] ?? [
    `cannot listen on ${host}, port ${port}: ${failure}`,
    'Choose another --host or --port.',
  ]
  return result(wrong(says, fix))
}

const listenFailures: Record<string, [string, string]> = {
  EACCES: ['ports below 1024 are reserved', 'Choose another --port, and the same in the url of the service.'],
  EADDRNOTAVAIL: [
    'the --host is no address of this machine',
    'Use an address of this machine, or 0.0.0.0 for all.',
  ],
  ENOTFOUND: ['the --host is not known', 'Use an address of this machine, or 0.0.0.0 for all.'],
}

async function whyNotListen(host: string, port: number): Promise<string | null> {
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
    return null
  } catch (error) {
    return errorCode(error) ?? String(error)
  } finally {
    server.close()
  }
}

/** By the loopback interface where it listens on all. */
async function answersHealth({ listen, prefix, mode }: Config): Promise<boolean> {
  const tls = mode.kind === 'service' ? mode.hub.tls : null
  const host = listen.host === '0.0.0.0' ? '127.0.0.1' : listen.host === '::' ? '::1' : listen.host
  const url = new URL(
    `${tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${listen.port}`,
  )
  url.pathname = `${prefix}healthz`
  // Who it is, its certificate could not tell: it is for its name in the network.
  const answer = await get(url, tls === null ? {} : { ...tls, rejectUnauthorized: false }).catch(() => null)
  return answer !== null && isHealthy(answer)
}

/** `publicUrl`: the origin, or the whole address with the prefix. */
export async function checkProxy(
  { prefix }: Pick<Config, 'prefix'>,
  { publicUrl, isRunning }: { publicUrl: string | null; isRunning: boolean },
): Promise<Finding> {
  const { ok, warning, wrong, skipped } = findings('proxy')
  if (publicUrl === null) return skipped('say --public-url https://HOST to test the way that requests take')
  const base = URL.parse(publicUrl)
  if (base === null || !/^https?:$/.test(base.protocol))
    return wrong(`'${publicUrl}' is no URL`, 'Such as --public-url https://hub.example.org')
  const path = base.pathname.endsWith('/') ? base.pathname : `${base.pathname}/`
  if (path !== '/' && path !== prefix)
    return wrong(
      `people use ${publicUrl}, but the prefix is ${prefix}`,
      `Make them the same: --prefix ${path}, or another --public-url.`,
    )
  if (!isRunning) return skipped('no server runs: start it, and ask again')
  const url = new URL(`${prefix}healthz`, base)
  let answer: Answer
  try {
    answer = await get(url, {})
  } catch (error) {
    return judgeFailure(url, errorCode(error) ?? String(error), { warning, wrong })
  }
  if (isHealthy(answer)) return ok(`${url} leads to the server`)
  return wrong(`${url} answers ${answer.status}, but not as the server does`, proxyFix(answer.status, prefix))
}

function judgeFailure(
  url: URL,
  code: string,
  { warning, wrong }: Pick<ReturnType<typeof findings>, 'warning' | 'wrong'>,
): Finding {
  const certificates = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/
  if (certificates.test(code))
    return warning(
      `this machine does not trust the certificate of ${url.origin} (${code})`,
      'Browsers and notebook servers must: use a certificate of a known authority, or give yours to all of them (NODE_EXTRA_CA_CERTS for the doctor).',
    )
  return wrong(
    `${url} cannot be reached: ${code}`,
    'See that the name is known here, the proxy runs, and no firewall is between.',
  )
}

function proxyFix(status: number, prefix: string): string {
  if (status >= 502 && status <= 504)
    return 'The proxy does not reach the server: the url of the service in the configuration of the hub must have its host and port.'
  if (status >= 300 && status < 400)
    return `The proxy leads ${prefix} to the hub: register the service with a url, and restart the hub.`
  if (status === 404)
    return `The proxy has no route for ${prefix}: the name of the service and the base path of the hub make it.`
  return 'See the log of the proxy.'
}

interface Answer {
  readonly status: number
  readonly text: string
}

function isHealthy({ status, text }: Answer): boolean {
  return status === 200 && /^\{"success": true\}\s*$/.test(text)
}

function get(url: URL, options: object): Promise<Answer> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const asked = send(url, { ...options, agent: false, timeout: timeoutMs }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        if (text.length < 10_000) text += part
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')))
    asked.on('error', reject)
    asked.end()
  })
}
