/** Bodies that are lists of many files: how large they may be, what they take, and who may send them. */
import type { FastifyRequest } from 'fastify'
import { TooLarge } from '../../domain/errors.ts'
import type { FormLimits } from '../form/form.ts'

/** Of a body that is no list of files. */
export const maxJsonBytes = 4 * 1024 * 1024

/** Its path, its SHA-256, and what is between them. */
const bytesPerFile = 512

/** Of a body that is a list of files. */
export function maxManifestBytes({ maxFiles, maxBodyBytes }: FormLimits): number {
  return Math.max(maxJsonBytes, Math.min(maxFiles * bytesPerFile, maxBodyBytes))
}

/** The options of a route that takes such a list. `may` refuses before anything of it is read. */
export function takesManifest(limits: FormLimits, may: (request: FastifyRequest) => Promise<void>) {
  return {
    bodyLimit: maxManifestBytes(limits),
    preParsing: async (request: FastifyRequest) => may(request),
  }
}

/** The text, and what it means. */
const timesInMemory = 3

/** What JSON takes in memory, which is read whole. @throws TooLarge */
export function memoryOfJson({ headers, routeOptions }: FastifyRequest): number {
  const { bodyLimit = maxJsonBytes } = routeOptions
  const length = Number(headers['content-length'] ?? bodyLimit)
  if (length > bodyLimit) throw new TooLarge('bytes in the body', bodyLimit)
  return length * timesInMemory
}
