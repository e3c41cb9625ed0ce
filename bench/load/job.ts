// The words that the benchmark and its load process exchange.

import type { FileSpec } from './content.ts'

/** How a server learns who is asking: `?user=NAME`, or a hub token that stands for NAME. */
export type Identity = 'argument' | 'token'
/** `ports`: of the replicas, which connections take in turn. */
export type Target = { ports: readonly number[]; identity: Identity }

/** What an answer must hold beside status 200 and `success`. */
export type Expectation =
  | { kind: 'text'; text: string }
  | { kind: 'file'; file: FileSpec; stamp: number | null }
  | { kind: 'submissions'; count: number }

/** A file goes as python-requests would send it; fields are for everything small. */
export type BodyPlan = { kind: 'file'; file: FileSpec } | { kind: 'form'; fields: Record<string, string> }

export type RequestPlan = {
  method: 'GET' | 'POST'
  /** Below the prefix, without the identity: `submission/bench/ps1`. */
  path: string
  user: string
  body?: BodyPlan
  expects?: Expectation
}

export type LoadJob = {
  target: Target
  /** Sent in this order, and again from the beginning while the limit allows. */
  requests: RequestPlan[]
  connections: number
  /** No request begins after either is used up; those under way are awaited. */
  limit: { requests: number; seconds: number }
  /** Begin requests at this interval instead of as soon as a connection is free. */
  everyMs?: number
  /** The n-th request's file carries `firstStamp + n`; without it files go out unstamped. */
  firstStamp?: number
  keepAnswers?: boolean
}

export type LoadResult = {
  completed: number
  seconds: number
  latenciesMs: number[]
  errors: number
  /** The first few errors, in words. */
  errorSamples: string[]
  /** Share of one core that the load process itself used. Near 1, it measured itself. */
  loadBusy: number
  /** Bodies in the order of the requests' beginning; null where the request failed. Empty unless asked for. */
  answers: (string | null)[]
}
