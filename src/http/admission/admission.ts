/**
 * Decides when a request is worked on: at once, in its turn, or not now. Waiting is better than refusing, since installed
 * clients do not try again; refusing is better than running out of memory.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { inviteBody } from '../expectations.ts'
import { type BodyTurn, hasBody } from '../form/form.ts'
import { Lane, type LaneState, type Party, type Place, type Transfer } from './lane.ts'
import { Overloaded, type OverloadedReason } from './overloaded.ts'

export interface LoadLimits {
  /** Requests of a kind that are worked on at once; of downloads four times as many. */
  readonly maxActive: number
  /** What uploads may hold in memory together, and downloads as well. */
  readonly maxTransferBytes: number
  /** Requests of a kind that wait at once. */
  readonly maxWaiting: number
  readonly maxWaitingPerUser: number
  readonly maxWaitMs: number
}

/** `upload`: requests with a body. `download`: answers with the content of a directory tree. `other`: all else. */
export const workKinds = ['upload', 'download', 'other'] as const
export type WorkKind = (typeof workKinds)[number]

/** Told of what did not begin at once. */
export interface LoadMeter {
  waited(kind: WorkKind, seconds: number): void
  refused(kind: WorkKind, reason: OverloadedReason | 'too-slow'): void
}

export interface Arrival {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly address: string
  /** Who the request says it is from, where its body must be read to know; null where it does not say. */
  readonly claim: () => string | null
}

/** What an upload holds at most: what is written at once, small files, and what the socket has brought. */
const maxUploadBytes = 768 * 1024
/** A batch of small files, or a few chunks of a large one, and what waits to be sent. */
const maxDownloadBytes = 1536 * 1024
/** Every request holds something. */
const minBytes = 16 * 1024
const downloadsPerActive = 4
/** Of four users who want all there is each gets a share. */
const usersAtOnce = 4

export class Admission {
  readonly #lanes: Readonly<Record<WorkKind, Lane>>
  readonly #limits: LoadLimits
  readonly #meter: LoadMeter
  #arriving = 0

  constructor(limits: LoadLimits, meter: LoadMeter) {
    this.#limits = limits
    this.#meter = meter
    const lane = (kind: WorkKind, places: number, bytes: number) =>
      new Lane(
        { ...limits, places, placesPerUser: Math.ceil(places / usersAtOnce), bytes },
        {
          waited: seconds => meter.waited(kind, seconds),
          refused: reason => meter.refused(kind, reason),
        },
      )
    const { maxActive, maxTransferBytes } = limits
    this.#lanes = {
      upload: lane('upload', maxActive, maxTransferBytes),
      download: lane('download', maxActive * downloadsPerActive, maxTransferBytes),
      other: lane('other', maxActive, Number.POSITIVE_INFINITY),
    }
  }

  /** A request has come; to be ended, whatever becomes of it. */
  arrive(arrival: Arrival): Visit {
    this.#arriving++
    return new Visit(arrival, this.#lanes, () => this.#arriving--)
  }

  /** While it is found out whose it is, a request waits as well. @throws Overloaded */
  requireRoom(): void {
    if (this.#arriving <= this.#limits.maxWaiting + this.#limits.maxActive) return
    this.#meter.refused('other', 'line-full')
    throw new Overloaded('line-full')
  }

  state(kind: WorkKind): LaneState {
    return this.#lanes[kind].state
  }
}

/** One request, from its arrival to its end. */
export class Visit implements BodyTurn {
  readonly #arrival: Arrival
  readonly #lanes: Readonly<Record<WorkKind, Lane>>
  readonly #arrived: () => void
  #hasBegun = false
  #held: { readonly lane: Lane; readonly place: Place } | null = null

  constructor(arrival: Arrival, lanes: Readonly<Record<WorkKind, Lane>>, arrived: () => void) {
    this.#arrival = arrival
    this.#lanes = lanes
    this.#arrived = arrived
  }

  /**
   * Waits for the turn of that user, or of who the request says it is from. Only once. `memoryBytes`: what its body takes;
   * without: what one does that is read in pieces. @throws Overloaded
   */
  begin(user: string | null, memoryBytes = this.#piecesBytes()): Promise<void> | null {
    if (this.#hasBegun) return null
    this.#hasBegun = true
    this.#arrived()
    const { request } = this.#arrival
    if (!hasBody(request)) return this.#enter('other', { party: this.#partyOf(user), bytes: 0 })
    const bytes = Math.max(memoryBytes, minBytes)
    return this.#enter('upload', { party: this.#partyOf(user), bytes, transfer: uploadOf(request) })
  }

  #piecesBytes(): number {
    return Math.min(Number(this.#arrival.request.headers['content-length'] ?? maxUploadBytes), maxUploadBytes)
  }

  async invite(): Promise<void> {
    await this.begin(null)
    inviteBody(this.#arrival.request, this.#arrival.response)
  }

  takeMemory(bytes: number): boolean {
    return this.#held?.lane.grow(this.#held.place, bytes) ?? true
  }

  /** From now on it is a download of that size: others get its place, and it takes one of those. @throws Overloaded */
  async beginDownload(user: string | null, sizeBytes: number): Promise<void> {
    const { response } = this.#arrival
    this.#leave()
    const bytes = Math.min(Math.max(sizeBytes, minBytes), maxDownloadBytes)
    await this.#enter('download', { party: this.#partyOf(user), bytes, transfer: downloadOf(response) })
    const held = this.#held
    this.#held = null // whoever handled the request is done long before the client has it all
    const end = () => {
      if (held !== null) held.lane.leave(held.place)
    }
    if (response.closed) end()
    else response.once('close', end)
  }

  end(): void {
    if (!this.#hasBegun) this.#arrived()
    this.#hasBegun = true
    this.#leave()
  }

  #enter(kind: WorkKind, place: Place): Promise<void> | null {
    const lane = this.#lanes[kind]
    const turn = lane.enter(place, left => this.#watchClient(left))
    if (turn === null) {
      this.#held = { lane, place }
      return null
    }
    return turn.then(() => {
      this.#held = { lane, place }
    })
  }

  #leave(): void {
    this.#held?.lane.leave(this.#held.place)
    this.#held = null
  }

  #partyOf(user: string | null): Party {
    const name = user ?? this.#arrival.claim()
    return name === null
      ? { name: `address ${this.#arrival.address}`, isUser: false }
      : { name: `user ${name}`, isUser: true }
  }

  /** Who says that it has said everything may still read its answer, but most often is gone; it is told either way. */
  #watchClient(left: () => void): () => void {
    const { request, response } = this.#arrival
    if (response.closed) setImmediate(left)
    response.once('close', left)
    request.socket.once('end', left)
    return () => {
      response.off('close', left)
      request.socket.off('end', left)
    }
  }
}

function uploadOf(request: IncomingMessage): Transfer {
  return {
    isClientsMove: () => !request.complete && request.readableLength === 0,
    movedBytes: () => request.socket.bytesRead,
    cutOff: () => request.destroy(),
  }
}

function downloadOf(response: ServerResponse): Transfer {
  return {
    isClientsMove: () => response.writableLength > 0,
    movedBytes: () => response.socket?.bytesWritten ?? 0,
    cutOff: () => response.destroy(),
  }
}
