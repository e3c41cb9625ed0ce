/** The nbgrader plugin that belongs to this server: a wheel, made by the build. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

export interface PluginWheel {
  readonly fileName: string
  readonly bytes: Buffer
  /** In hexadecimal. */
  readonly sha256: string
}

const folder = new URL('../dist/', import.meta.url)

/** Null: what runs was not built. */
export function readPluginWheel(): PluginWheel | null {
  const files = existsSync(folder) ? readdirSync(folder) : []
  const fileName = files.find(name => /^ngshare_exchange-.*\.whl$/.test(name))
  if (fileName === undefined) return null
  const bytes = readFileSync(new URL(fileName, folder))
  return { fileName, bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}
