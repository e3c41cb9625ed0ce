/** Where large blobs are kept: bytes without a name, found again by the location that placing them returned. */

export interface ContentStore {
  /**
   * Begins to take in a blob. `location`: where another store has these bytes; this one, its copy, will have them there
   * too, and instead of what it has there already. @throws Trouble `storage`, `storage-full`
   */
  create(location?: string): Promise<UnplacedBlob>

  /** The bytes of a placed blob, in order, in chunks. @throws Trouble `blob-missing` before the first chunk */
  read(location: string): Promise<AsyncIterable<Buffer>>

  /** The size of a placed blob; null where there is none. @throws Trouble `storage` */
  sizeOf(location: string): Promise<number | null>

  /** Every location that was ever given to these bytes and is still there. */
  locationsOf(sha256: string): Promise<string[]>

  /** Forgets a placed blob. Safe to repeat. */
  remove(location: string): Promise<void>

  /**
   * Locations of blobs that were placed before `before` (milliseconds), in no order. Here and below the moments are
   * those of our clock; a store whose own clock differs accounts for it.
   */
  placedBefore(before: number): AsyncIterable<string>

  /** Removes what uploads begun before `before` (milliseconds) have left behind. Returns how many. */
  removeUnplacedBefore(before: number): Promise<number>

  /** Whether a blob could be stored now. @throws Trouble */
  check(): Promise<void>

  /** To be called last. */
  close(): Promise<void>
}

/** A blob on its way in. Is over with `place`, or `discard`, which is safe after a failure, and to repeat. */
export interface UnplacedBlob {
  write(bytes: Buffer): Promise<void>

  /**
   * All bytes have been written, and this is their digest. From now on the blob may wait for `place` or `discard` as one
   * of thousands: it keeps nothing open, and what it keeps in memory is bounded for all of them together.
   */
  end(sha256: string): Promise<void>

  /**
   * To be called once, after `end`: makes the bytes durable and gives them their place. Two blobs of the same content
   * get two locations, so that removing one can never take away the other.
   */
  place(): Promise<string>

  discard(): Promise<void>
}
