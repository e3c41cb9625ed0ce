/** Where large blobs are kept: bytes without a name, found again by the location that placing them returned. */

export interface ContentStore {
  /** Begins to take in a blob under a temporary name. @throws Trouble `storage`, `storage-full` */
  create(): Promise<UnplacedBlob>

  /** The bytes of a placed blob, in order, in chunks. @throws Trouble `blob-missing` before the first chunk */
  read(location: string): Promise<AsyncIterable<Buffer>>

  /** The size of a placed blob; null where there is none. @throws Trouble `storage` */
  sizeOf(location: string): Promise<number | null>

  /** Every location that was ever given to these bytes and is still there. */
  locationsOf(sha256: string): Promise<string[]>

  /** Forgets a placed blob. Safe to repeat. */
  remove(location: string): Promise<void>

  /** Locations of blobs that were placed before `before` (milliseconds), in no order. */
  placedBefore(before: number): AsyncIterable<string>

  /** Removes what uploads begun before `before` (milliseconds) have left behind. Returns how many. */
  removeUnplacedBefore(before: number): Promise<number>

  /** Whether a blob could be stored now. @throws Trouble */
  check(): Promise<void>
}

/** A blob on its way in. Ends with `place` or `discard`, either of which is safe after a failure. */
export interface UnplacedBlob {
  write(bytes: Buffer): Promise<void>

  /** All bytes have been written: nothing of the system stays open for it until it is placed or discarded. */
  end(): Promise<void>

  /**
   * Makes the bytes durable and gives them their place. Two blobs of the same content get two locations, so that
   * removing one can never take away the other.
   */
  place(sha256: string): Promise<string>

  /** The same under a location that another store gave to these bytes: this store is its copy. Safe to repeat. */
  placeAs(location: string): Promise<void>

  discard(): Promise<void>
}
