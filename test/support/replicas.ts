/** One service as N replicas behind nginx, for the suites that ask for a service: `NGSHARE_TEST_REPLICAS=2`. */
import type { AddressInfo } from 'node:net'
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
  close(): Promise<void>
}

/** Composed as in production and listening; several share whatever the settings name. */
export async function listen(config: Config, logger: Logger): Promise<ListeningService> {
  const opened: (() => Promise<void>)[] = []
  const close = async () => {
    for (const close of opened.splice(0).reverse()) await close()
  }
  try {
    const directPorts: number[] = []
    for (let number = 0; number < replicaCount; number++) {
      const service = await compose(config, logger)
      opened.push(() => service.close())
      await service.app.listen({ host: '127.0.0.1', port: 0 })
      directPorts.push((service.app.server.address() as AddressInfo).port)
    }
    if (replicaCount === 1) return { port: directPorts[0] ?? 0, directPorts, close }
    const nginx = await startNginx(directPorts)
    opened.push(() => nginx.stop())
    return { port: nginx.port, directPorts, close }
  } catch (error) {
    await close()
    throw error
  }
}
