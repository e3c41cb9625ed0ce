/** An admission that tells what it does: to Prometheus as it happens, to the log now and then. */
import type { FastifyBaseLogger } from 'fastify'
import type { Metrics } from '../metrics.ts'
import { Admission, type LoadLimits, type LoadMeter } from './admission.ts'

/** Requests are refused by the thousand, if at all. */
const logEveryMs = 10_000

/** `metrics` null: only the log is told. */
export function createAdmission(
  limits: LoadLimits,
  { metrics, logger }: { metrics: Metrics | null; logger: FastifyBaseLogger },
): Admission {
  let refused = 0
  let loggedAt = Number.NEGATIVE_INFINITY
  const meter: LoadMeter = {
    waited: (kind, seconds) => metrics?.waited(kind, seconds),
    refused(kind, reason) {
      metrics?.refused(kind, reason)
      if (reason === 'client-gone') return
      refused++
      if (performance.now() - loggedAt < logEveryMs) return
      loggedAt = performance.now()
      logger.warn(
        { kind, reason, refused, ...admission.state(kind) },
        'too much at once: requests are refused',
      )
      refused = 0
    },
  }
  const admission = new Admission(limits, meter)
  metrics?.watch(admission)
  return admission
}
