// What the places to keep blobs have in common, so that one loop measures them all.

export type Blob = { key: Buffer; bytes: Buffer }

export interface BlobStore {
  /** Resolves when the blob would survive a loss of power. */
  write(blob: Blob): Promise<void>
  read(key: Buffer): Promise<Buffer>
  close(): Promise<void>
}
