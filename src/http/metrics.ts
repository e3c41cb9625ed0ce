/** What a Prometheus server is told. */
import cluster from 'node:cluster'
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import { metricsOfAll } from './metrics-of-workers.ts'

export interface Metrics {
  requestEnded(request: RequestFacts): void
  /** A question to the hub has ended. */
  hubAsked(outcome: 'answered' | 'failed', seconds: number): void
  /** In the text format of Prometheus. */
  text(): Promise<string>
  readonly contentType: string
}

/** `route` is the pattern, not the path: names of courses and people stay out. */
export interface RequestFacts {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly durationMs: number
  readonly bytesIn: number
  readonly bytesOut: number
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const labelNames = ['method', 'route', 'status'] as const
  const durations = new Histogram({
    name: 'ngshare_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer',
    labelNames,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    registers: [registry],
  })
  const received = new Counter({
    name: 'ngshare_http_request_bytes_total',
    help: 'Bytes of request bodies that were read',
    registers: [registry],
  })
  const sent = new Counter({
    name: 'ngshare_http_response_bytes_total',
    help: 'Bytes of response bodies',
    registers: [registry],
  })
  const hubDurations = new Histogram({
    name: 'ngshare_hub_request_duration_seconds',
    help: 'Time that the hub took to answer a question of ours, or to fail',
    labelNames: ['outcome'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  })
  return {
    hubAsked: (outcome, seconds) => hubDurations.observe({ outcome }, seconds),
    requestEnded({ method, route, status, durationMs, bytesIn, bytesOut }) {
      durations.observe({ method, route, status }, durationMs / 1000)
      received.inc(bytesIn)
      sent.inc(bytesOut)
    },
    text: cluster.isWorker ? metricsOfAll(registry) : () => registry.metrics(),
    contentType: registry.contentType,
  }
}
