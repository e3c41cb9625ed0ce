/** Work of one kind: so much of it at once, and a line for the rest in which users take turns. */
import { Overloaded } from './overloaded.ts'

export interface LaneBounds {
  /** How many work at once, and how many of them for one user. */
  readonly places: number
  readonly placesPerUser: number
  /** What all who work may hold in memory together. */
  readonly bytes: number
  readonly maxWaiting: number
  readonly maxWaitingPerUser: number
  readonly maxWaitMs: number
}

/** Whose turn it is: a user, or an address, behind which there may be many. */
export interface Party {
  readonly name: string
  readonly isUser: boolean
}

/** A place among those who work. */
export interface Place {
  readonly party: Party
  /** Held in memory; grows by `Lane.grow`. */
  bytes: number
  /** Without: does not depend on its client any more, once it has begun. */
  readonly transfer?: Transfer
}

/** Bytes on their way from or to a client. */
export interface Transfer {
  /** Whether it is the client whom everything waits for. */
  isClientsMove(): boolean
  movedBytes(): number
  cutOff(): void
}

/** What is told of a lane. */
export interface LaneMeter {
  /** It had to wait before it began. */
  waited(seconds: number): void
  refused(reason: Overloaded['reason'] | 'too-slow'): void
}

export interface LaneState {
  readonly working: number
  readonly waiting: number
  readonly bytes: number
}

/** Calls `left` when a client does not wait any more, once; returns what stops that. */
export type WatchClient = (left: () => void) => () => void

interface Waiting {
  readonly place: Place
  readonly begin: () => void
}

/** Who moves less than `slowBytes` in `paceMs` makes way while others wait. */
const paceMs = 30_000
const slowBytes = 32 * 1024

export class Lane {
  readonly #bounds: LaneBounds
  readonly #meter: LaneMeter
  #working = 0
  #waiting = 0
  #bytes = 0
  /** Places taken, by party. */
  readonly #taken = new Map<string, number>()
  /** Who waits, by party; the party whose turn is next comes first. */
  readonly #line = new Map<string, Waiting[]>()
  /** How far they were when the pace was last looked at. */
  readonly #transfers = new Map<Place, number>()
  #isServing = false
  #pace: NodeJS.Timeout | undefined

  constructor(bounds: LaneBounds, meter: LaneMeter) {
    this.#bounds = bounds
    this.#meter = meter
  }

  get state(): LaneState {
    return { working: this.#working, waiting: this.#waiting, bytes: this.#bytes }
  }

  /**
   * Null: it may begin, now. Otherwise resolves when it may. Every place that was begun must be left.
   * @throws Overloaded
   */
  enter(place: Place, watchClient: WatchClient): Promise<void> | null {
    if (this.#waiting > 0 || !this.#isFree(place)) return this.#wait(place, watchClient)
    this.#begin(place)
    return null
  }

  leave(place: Place): void {
    this.#working--
    this.#bytes -= place.bytes
    this.#transfers.delete(place)
    const { name } = place.party
    const left = (this.#taken.get(name) ?? 1) - 1
    if (left === 0) this.#taken.delete(name)
    else this.#taken.set(name, left)
    if (this.#waiting > 0) this.#serveSoon()
  }

  /** More memory for who has begun, unless somebody waits for it; says whether there was any. */
  grow(place: Place, bytes: number): boolean {
    if (this.#waiting > 0 || this.#bytes + bytes > this.#bounds.bytes) return false
    place.bytes += bytes
    this.#bytes += bytes
    return true
  }

  #begin(place: Place): void {
    this.#working++
    this.#bytes += place.bytes
    this.#taken.set(place.party.name, (this.#taken.get(place.party.name) ?? 0) + 1)
    if (place.transfer !== undefined) this.#transfers.set(place, Number.NEGATIVE_INFINITY)
  }

  #isFree(place: Place): boolean {
    return this.#working < this.#bounds.places && this.#hasShare(place) && this.#hasMemory(place)
  }

  /** One user does not take all places, however few others come. */
  #hasShare({ party }: Place): boolean {
    return !party.isUser || (this.#taken.get(party.name) ?? 0) < this.#bounds.placesPerUser
  }

  #hasMemory({ bytes }: Place): boolean {
    return this.#working === 0 || this.#bytes + bytes <= this.#bounds.bytes
  }

  async #wait(place: Place, watchClient: WatchClient): Promise<void> {
    const { name, isUser } = place.party
    const own = this.#line.get(name) ?? []
    if (isUser && own.length >= this.#bounds.maxWaitingPerUser) throw this.#refuse('user-line-full')
    if (this.#waiting >= this.#bounds.maxWaiting) throw this.#refuse('line-full')
    const since = performance.now()
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = { place, begin }
      const late = setTimeout(() => giveUp('waited-too-long'), this.#bounds.maxWaitMs)
      let isWaiting = true
      const giveUp = (reason: Overloaded['reason']) => {
        if (!isWaiting) return
        this.#remove(waiting)
        settle()
        reject(this.#refuse(reason))
      }
      const settle = () => {
        isWaiting = false
        clearTimeout(late)
        forgetClient()
      }
      function begin(): void {
        settle()
        resolve()
      }
      this.#add(waiting)
      const forgetClient = watchClient(() => giveUp('client-gone'))
    })
    this.#meter.waited((performance.now() - since) / 1000)
  }

  #refuse(reason: Overloaded['reason']): Overloaded {
    this.#meter.refused(reason)
    return new Overloaded(reason)
  }

  #add(waiting: Waiting): void {
    const { name } = waiting.place.party
    const own = this.#line.get(name)
    if (own === undefined) this.#line.set(name, [waiting])
    else own.push(waiting)
    this.#waiting++
    this.#pace ??= setInterval(() => this.#lookAtPace(), paceMs).unref()
    this.#serveSoon()
  }

  #remove(waiting: Waiting): void {
    const { name } = waiting.place.party
    const own = this.#line.get(name) ?? []
    own.splice(own.indexOf(waiting), 1)
    if (own.length === 0) this.#line.delete(name)
    this.#hasLeftLine()
  }

  #hasLeftLine(): void {
    if (--this.#waiting > 0) return
    clearInterval(this.#pace)
    this.#pace = undefined
  }

  /** Once in a turn of the event loop, so that those who need no place are answered in between. */
  #serveSoon(): void {
    if (this.#isServing) return
    this.#isServing = true
    setImmediate(() => {
      this.#isServing = false
      for (let next = this.#next(); next !== null; next = this.#next()) {
        this.#begin(next.place)
        next.begin()
      }
    })
  }

  /** Takes the next one out of the line; null when nobody may begin. */
  #next(): Waiting | null {
    if (this.#working >= this.#bounds.places) return null
    for (const [name, own] of this.#line) {
      const first = own[0] as Waiting
      if (!this.#hasShare(first.place)) continue
      if (!this.#hasMemory(first.place)) return null // nobody overtakes it, or it would never get there
      own.shift()
      this.#line.delete(name)
      if (own.length > 0) this.#line.set(name, own) // behind all others
      this.#hasLeftLine()
      return first
    }
    return null
  }

  #lookAtPace(): void {
    for (const [place, before] of this.#transfers) {
      const { transfer } = place
      if (transfer === undefined) continue
      const moved = transfer.movedBytes()
      if (moved - before < slowBytes && transfer.isClientsMove()) {
        this.#meter.refused('too-slow')
        transfer.cutOff()
      } else {
        this.#transfers.set(place, moved)
      }
    }
  }
}
