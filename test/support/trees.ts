/** Files as clients send them, and as the service must give them back. */
import { createHash } from 'node:crypto'

/** An element of `files` in an upload. */
export interface WireFile {
  readonly path: string
  readonly content: string
}

export function file(path: string, bytes: string | Buffer): WireFile {
  return { path, content: Buffer.from(bytes).toString('base64') }
}

/** The element of `files` in a download. */
export function fetched(path: string, bytes: string | Buffer) {
  const base64 = Buffer.from(bytes).toString('base64')
  return { ...listed(path, bytes), content: base64.replace(/.{1,76}/g, '$&\n') }
}

/** The same with `list_only`. */
export function listed(path: string, bytes: string | Buffer) {
  return { path, checksum: md5(bytes) }
}

export function md5(bytes: string | Buffer): string {
  return createHash('md5').update(bytes).digest('hex')
}

/** Bytes that no compression or chance makes shorter or equal; the same for the same seed. */
export function noise(sizeBytes: number, seed = 'noise'): Buffer {
  const blocks: Buffer[] = []
  for (let block = 0; block * 64 < sizeBytes; block++) {
    blocks.push(createHash('sha512').update(`${seed} ${block}`).digest())
  }
  return Buffer.concat(blocks).subarray(0, sizeBytes)
}
