/** One service as N replicas behind nginx, for the suites that ask for a service: `NGSHARE_TEST_REPLICAS=2`. */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { compose } from '../../src/compose.ts'
import type { Config } from '../../src/config/config.ts'
import { startNginx } from './nginx.ts'

export const replicaCount = Number(process.env.NGSHARE_TEST_REPLICAS || 1)

export interface ListeningService {
  /** Where all that is asked arrives. */
  readonly port: number
  /** Of each process's own, without a proxy between. */
  readonly directPorts: readonly number[]
  /** Of the first process. */
  readonly app: FastifyInstance
  close(): Promise<void>
}

/**
 * Composed as in production and listening; several share whatever the settings name. One that speaks TLS with the
 * authority of its hub is alone: nginx has no certificate of it.
 */
export async function listen(
  config: Config,
  logger: Logger,
  options: { oneProcess: boolean } = { oneProcess: false },
): Promise<ListeningService> {
  const speaksTls = config.mode.kind === 'service' && config.mode.hub.tls !== null
  const count = options.oneProcess || speaksTls ? 1 : replicaCount
  const opened: (() => Promise<void>)[] = []
  const close = async () => {
    for (const close of opened.splice(0).reverse()) await close()
  }
  try {
    const directPorts: number[] = []
    const apps: FastifyInstance[] = []
    for (let number = 0; number < count; number++) {
      const service = await compose(config, logger)
      opened.push(() => service.close())
      await service.app.listen({ host: '127.0.0.1', port: 0 })
      apps.push(service.app)
      directPorts.push((service.app.server.address() as AddressInfo).port)
    }
    const [app] = apps
    const [port] = directPorts
    if (app === undefined || port === undefined) throw new Error('NGSHARE_TEST_REPLICAS: at least 1')
    if (count === 1) return { port, directPorts, app, close }
    const nginx = await startNginx(directPorts)
    opened.push(() => nginx.stop())
    return { port: nginx.port, directPorts, app, close }
  } catch (error) {
    await close()
    throw error
  }
}
