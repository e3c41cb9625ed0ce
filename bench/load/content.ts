// Makes the files that are uploaded, and their exact shape on the wire.

import { createCipheriv, createHash } from 'node:crypto'

/** A file told by name and size, so that a plan of a thousand uploads stays small. */
export type FileSpec = { name: string; sizeBytes: number }

// 12 zero bytes are 16 characters of base64, none of which needs percent-encoding: the stamp may overwrite them.
const STAMP_BYTES = 12
const STAMP_CHARACTERS = 16
const CONTENT_FIELD = '%22content%22%3A+%22'

/** The same bytes for the same name on every server: incompressible, different for every name. */
export function contentOf({ name, sizeBytes }: FileSpec): Buffer {
  const key = createHash('sha256').update(name).digest()
  const content = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes))
  return content.fill(0, 0, STAMP_BYTES)
}

/** JSON text of the content as Python's `base64.encodebytes` breaks it: lines of 76 characters, the last ended too. */
function base64InJson(file: FileSpec): string {
  return contentOf(file)
    .toString('base64')
    .replace(/.{1,76}/g, '$&\\n')
}

/** The body that python-requests sends for `data={'files': json.dumps([{...}])}`. */
export function buildUploadBody(file: FileSpec): Buffer {
  const files = `[{"path": "${file.name}", "content": "${base64InJson(file)}"}]`
  return Buffer.from(`files=${encodeURIComponent(files).replaceAll('%20', '+')}`, 'latin1')
}

/**
 * Changes the beginning of the file in a body in place. Servers that keep equal content once would else
 * be measured on the work they need not do.
 */
export function stampUpload(body: Buffer, stamp: number): void {
  const at = body.indexOf(CONTENT_FIELD) + CONTENT_FIELD.length
  body.write(stampText(stamp), at, 'latin1')
}

/** What the answer to a download must contain, byte for byte. */
export function downloadedContent(file: FileSpec, stamp: number | null): Buffer {
  const text = base64InJson(file)
  return Buffer.from(stamp === null ? text : stampText(stamp) + text.slice(STAMP_CHARACTERS), 'latin1')
}

/** The bytes of a stamped file, for a server whose store is filled without HTTP. */
export function stampedContentOf(file: FileSpec, stamp: number): Buffer {
  const content = contentOf(file)
  content.write(stampText(stamp), 0, 'base64')
  return content
}

function stampText(stamp: number): string {
  return stamp.toString(16).padStart(STAMP_CHARACTERS, '0')
}
