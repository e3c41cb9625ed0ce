/** Seals events, so that the chain is never far behind them. */
import { type Duty, startDuty } from './duty.ts'
import type { Exchange } from './exchange.ts'
import { sealEvents } from './history.ts'
import type { Leases } from './leases.ts'

const everyMs = 1000

interface Log {
  error(facts: object, message: string): void
}

export function startSealing(exchange: Exchange, { leases, logger }: { leases: Leases; logger: Log }): Duty {
  return startDuty(exchange, {
    lease: leases.want('sealing'),
    everyMs,
    begins: false,
    isFinished: true,
    async round(guarded, signal) {
      while (!signal.aborted && (await sealEvents(guarded)) > 0);
    },
    failed: error => logger.error({ err: error }, 'events could not be sealed; trying again'),
  })
}
