// A hub for a server that is measured, and what it tells that server.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { aFreePort } from '../../test/support/ports.ts'
import { ENVIRONMENT, ServerProcess } from './server-process.ts'

const PROGRAM = fileURLToPath(new URL('fake-hub.ts', import.meta.url))

/** A hub for one server, which need not share it. It takes `delayMs` to say whose a token is. */
export async function startHub(folder: string, delayMs: number): Promise<ServerProcess> {
  const port = await aFreePort()
  const hub = new ServerProcess({
    command: process.execPath,
    args: [PROGRAM, '--port', String(port), '--delay-ms', String(delayMs)],
    env: ENVIRONMENT,
    logFile: join(folder, 'hub.log'),
    port,
  })
  await hub.start()
  return hub
}

/** What the hub tells the service that listens at `port`. */
export function hubEnvironment(hub: ServerProcess, port: number): Record<string, string> {
  return {
    ...ENVIRONMENT,
    JUPYTERHUB_API_URL: `http://127.0.0.1:${hub.port}/hub/api`,
    JUPYTERHUB_API_TOKEN: 'service-ngshare',
    JUPYTERHUB_CLIENT_ID: 'service-ngshare',
    JUPYTERHUB_SERVICE_NAME: 'ngshare',
    JUPYTERHUB_SERVICE_PREFIX: '/api/',
    JUPYTERHUB_SERVICE_URL: `http://127.0.0.1:${port}`,
  }
}
