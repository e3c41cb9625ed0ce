/** Where the hub uses `internal_ssl`: https on both ways between hub and service, each side showing a certificate. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as plainRequest } from 'node:http'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { ConfigMistakes } from '../../src/config/mistakes.ts'
import { aHub, type FakeHub } from '../support/fake-hub.ts'
import { aHubService, hubConfigFrom, hubEnvironment } from '../support/hub-service.ts'

interface Identity {
  readonly keyFile: string
  readonly certFile: string
}

const folder = mkdtempSync(join(tmpdir(), 'ngshare-test-'))
afterAll(() => rmSync(folder, { recursive: true }))
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
const authority = anAuthority('authority')
const stranger = anAuthority('another-authority')
const [ofService, ofHub, ofStranger] = [
  anIdentity('service', authority),
  anIdentity('hub', authority),
  anIdentity('stranger', stranger),
]

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
}

function anAuthority(name: string): Identity {
  const files = { keyFile: join(folder, `${name}.key`), certFile: join(folder, `${name}.crt`) }
  const output = ['-keyout', files.keyFile, '-out', files.certFile]
  openssl('req', '-x509', ...newKey, '-days', '2', '-subj', `/CN=${name}`, ...output)
  return files
}

function anIdentity(name: string, issuer: Identity): Identity {
  const [keyFile, certFile] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)]
  const [demand, names] = [join(folder, `${name}.csr`), join(folder, `${name}.ext`)]
  writeFileSync(names, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  openssl('req', ...newKey, '-keyout', keyFile, '-out', demand, '-subj', `/CN=${name}`)
  const signing = ['-CA', issuer.certFile, '-CAkey', issuer.keyFile, '-CAcreateserial', '-extfile', names]
  openssl('x509', '-req', '-in', demand, ...signing, '-days', '2', '-out', certFile)
  return { keyFile, certFile }
}

function tlsOf({ keyFile, certFile }: Identity) {
  return {
    key: readFileSync(keyFile),
    cert: readFileSync(certFile),
    ca: readFileSync(authority.certFile),
  }
}

/** The hub's https, which asks for certificates: its API's URL, and who showed which. */
async function httpsOf(hub: FakeHub, identity: Identity): Promise<{ apiUrl: string; shown: string[] }> {
  const shown: string[] = []
  const inside = new URL(hub.apiUrl)
  const server = createServer({ ...tlsOf(identity), requestCert: true }, (incoming, outgoing) => {
    shown.push(String((incoming.socket as TLSSocket).getPeerCertificate().subject?.CN))
    const { method, url, headers } = incoming
    const target = { host: inside.hostname, port: inside.port, method, path: url, headers }
    const forwarded = plainRequest(target, answer => {
      outgoing.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(outgoing)
    })
    incoming.pipe(forwarded)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { apiUrl: `https://127.0.0.1:${port}${inside.pathname}`, shown }
}

const ssl = {
  JUPYTERHUB_SSL_KEYFILE: ofService.keyFile,
  JUPYTERHUB_SSL_CERTFILE: ofService.certFile,
  JUPYTERHUB_SSL_CLIENT_CA: authority.certFile,
}

async function aServiceOn(identity: Identity) {
  const hub = await aHub()
  const { apiUrl, shown } = await httpsOf(hub, identity)
  const environment = {
    ...ssl,
    JUPYTERHUB_API_URL: apiUrl,
    JUPYTERHUB_SERVICE_URL: 'https://127.0.0.1:10101',
  }
  return { hub, shown, service: await aHubService({ hub, environment }) }
}

/** The status of an API call; null where there is no connection. */
function courses(service: { port: number; prefix: string }, token: string, caller: Identity | null) {
  return new Promise<number | null>(resolve => {
    const asked = request({
      host: '127.0.0.1',
      port: service.port,
      path: `${service.prefix}courses`,
      headers: { authorization: `token ${token}` },
      agent: false,
      ...(caller === null ? { ca: readFileSync(authority.certFile) } : tlsOf(caller)),
    })
    asked.on('response', answer => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    asked.on('error', () => resolve(null))
    asked.end()
  })
}

describe('a service of a hub with internal_ssl', () => {
  it('serves https to callers whose certificate the hub has signed, and nobody else', async () => {
    const { hub, service } = await aServiceOn(ofHub)
    const token = hub.notebookToken('bob')
    expect(await courses(service, token, ofHub)).toBe(200)
    expect(await courses(service, token, null)).toBeNull()
    expect(await courses(service, token, ofStranger)).toBeNull()
  })

  it('shows its own certificate to the hub', async () => {
    const { hub, service, shown } = await aServiceOn(ofHub)
    await courses(service, hub.notebookToken('bob'), ofHub)
    expect(new Set(shown)).toEqual(new Set(['service']))
  })

  it('does not show tokens to a hub that another authority vouches for', async () => {
    const { hub, service } = await aServiceOn(ofStranger)
    expect(await courses(service, hub.notebookToken('bob'), ofHub)).toBe(503)
    expect(hub.callsTo('/user')).toEqual([])
  })

  it.each(Object.keys(ssl))('is not half one: %s is missed', async name => {
    const environment = { ...hubEnvironment(await aHub(), '/services/ngshare/'), ...ssl }
    for (const value of ['', '/no/such/file']) {
      expect(() => hubConfigFrom({ environment: { ...environment, [name]: value } })).toThrow(ConfigMistakes)
    }
  })
})
