/** Whose token is whose, remembered for a short time: the hub is not asked again for every request. */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type { HubApi, HubUser } from './hub-api.ts'
import type { HubOptions } from './options.ts'

interface Known {
  readonly user: HubUser
  readonly confirmedAt: number
}

const maxKept = 50_000
/** How long a refusal counts: the owner may just be getting the token. */
const refusalMs = 5000
/** How long someone known waits for the hub's word before the last one counts. */
const patienceMs = 1000
/** For how long the hub, once it was in trouble, is not waited for by those who are known. */
const troubleMs = 5000

export class KnownCallers {
  readonly #hub: HubApi
  readonly #options: Pick<HubOptions, 'cacheMs' | 'graceMs'>
  readonly #known: LRUCache<string, Known>
  readonly #refused = new LRUCache<string, true>({ max: maxKept, ttl: refusalMs })
  readonly #asking = new Map<string, Promise<HubUser | null>>()
  #troubleUntil = 0

  constructor(hub: HubApi, options: Pick<HubOptions, 'cacheMs' | 'graceMs'>) {
    this.#hub = hub
    this.#options = options
    this.#known = new LRUCache({ max: maxKept, ttl: Math.max(options.cacheMs + options.graceMs, 1) })
  }

  /**
   * The owner of a token, null for nobody's. `login`: the login at the hub that came along; with it a token is asked
   * anew, since it may have ended. While the hub is in trouble its last word counts for the time of grace.
   * @throws Trouble `hub`
   */
  async find(token: string, login: string): Promise<HubUser | null> {
    if (this.#options.cacheMs === 0) return this.#hub.whoIs(token)
    const key = createHash('sha256').update(`${login}\0${token}`).digest('base64')
    const known = this.#known.get(key)
    if (known !== undefined && performance.now() - known.confirmedAt < this.#options.cacheMs)
      return known.user
    if (this.#refused.has(key)) return null
    const answer = this.#askOnce(key, token)
    return known === undefined ? answer : this.#orLastWord(answer, known.user)
  }

  /** The hub goes on being asked behind the back of who does not wait. */
  async #orLastWord(answer: Promise<HubUser | null>, lastWord: HubUser): Promise<HubUser | null> {
    const answered = answer.catch(() => lastWord)
    if (performance.now() < this.#troubleUntil) return lastWord
    const patience = new AbortController()
    const givenUp = sleep(patienceMs, lastWord, { signal: patience.signal, ref: false }).then(word => {
      this.#inTrouble()
      return word
    })
    givenUp.catch(() => undefined) // the hub was faster
    try {
      return await Promise.race([answered, givenUp])
    } finally {
      patience.abort()
    }
  }

  /** However many ask at once, the hub is asked once. */
  #askOnce(key: string, token: string): Promise<HubUser | null> {
    const asking = this.#asking.get(key) ?? this.#ask(key, token).finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    return asking
  }

  async #ask(key: string, token: string): Promise<HubUser | null> {
    try {
      const user = await this.#hub.whoIs(token)
      if (user === null) this.#refused.set(key, true)
      if (user === null) this.#known.delete(key)
      else this.#known.set(key, { user, confirmedAt: performance.now() })
      this.#troubleUntil = 0
      return user
    } catch (error) {
      this.#inTrouble()
      throw error
    }
  }

  #inTrouble(): void {
    this.#troubleUntil = performance.now() + troubleMs
  }
}
