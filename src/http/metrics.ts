/** What a Prometheus server is told. */
import cluster from 'node:cluster'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type LoadMeter, type WorkKind, workKinds } from './admission/admission.ts'
import type { LaneState } from './admission/lane.ts'
import { metricsOfAll } from './metrics-of-workers.ts'

export interface Metrics extends LoadMeter {
  requestEnded(request: RequestFacts): void
  /** A question to the hub has ended. */
  hubAsked(outcome: 'answered' | 'failed', seconds: number): void
  /** Whom to ask how much is under way. */
  watch(load: { state(kind: WorkKind): LaneState }): void
  /** How many connections there are is told when they change. */
  connections(open: number): void
  connectionRefused(): void
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
  let load: { state(kind: WorkKind): LaneState } | null = null
  const gauge = (name: string, help: string, of: keyof LaneState) =>
    new Gauge({
      name,
      help,
      labelNames: ['kind'] as const,
      registers: [registry],
      collect() {
        for (const kind of workKinds) this.set({ kind }, load?.state(kind)[of] ?? 0)
      },
    })
  gauge('ngshare_requests_active', 'Requests that are worked on', 'working')
  gauge('ngshare_requests_waiting', 'Requests that wait for their turn', 'waiting')
  gauge('ngshare_transfer_bytes', 'Memory set aside for uploads and downloads under way', 'bytes')
  const waits = new Histogram({
    name: 'ngshare_request_wait_seconds',
    help: 'How long requests waited for their turn, of those that had to',
    labelNames: ['kind'] as const,
    buckets: [0.01, 0.05, 0.25, 1, 2.5, 5, 10, 20, 45],
    registers: [registry],
  })
  const refused = new Counter({
    name: 'ngshare_requests_refused_total',
    help: 'Requests that were not worked on because there were too many',
    labelNames: ['kind', 'reason'] as const,
    registers: [registry],
  })
  const connections = new Gauge({
    name: 'ngshare_connections',
    help: 'Open connections',
    registers: [registry],
  })
  const connectionsRefused = new Counter({
    name: 'ngshare_connections_refused_total',
    help: 'Connections that were closed because there were too many',
    registers: [registry],
  })
  return {
    watch: watched => {
      load = watched
    },
    waited: (kind, seconds) => waits.observe({ kind }, seconds),
    refused: (kind, reason) => refused.inc({ kind, reason }),
    connections: open => connections.set(open),
    connectionRefused: () => connectionsRefused.inc(),
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
