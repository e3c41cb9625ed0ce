/** The requests to an S3 store that we make: the only file that knows the SDK. Each is asked again while that may help. */
import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { Patience } from './patience.ts'
import type { S3Options } from './s3-options.ts'
import { mayPass, nameOf, s3Trouble, statusOf } from './s3-trouble.ts'

const connectTimeoutMs = 5000
/** Without a byte in either direction. */
const idleTimeoutMs = 15_000
/** Until an answer begins, the SDK's own second attempt included. */
const answerTimeoutMs = 30_000
/** Of the SDK, for a connection that the server has closed between two requests, and for clocks that differ. */
const attempts = 2
/** One for each download that is under way, and a few for each upload. */
const maxConnections = 512

export interface Part {
  readonly number: number
  readonly etag: string | undefined
  readonly crc32: string | undefined
}

export interface WholeObject {
  readonly bytes: Buffer
  readonly sha256: string
}

export interface Upload {
  readonly key: string
  readonly uploadId: string
}

export interface ObjectBytes {
  readonly chunks: AsyncIterable<Buffer>
  readonly etag: string | undefined
  readonly sizeBytes: number
}

interface CallOptions {
  /** Ends the call, and the waiting for a better moment. */
  readonly signal?: AbortSignal
  /** False: what does not succeed at once has failed. */
  readonly patient?: boolean
}

/** @throws Trouble */
export async function connectS3(options: S3Options): Promise<S3Calls> {
  try {
    return new S3Calls(options, await createClient(options))
  } catch (error) {
    throw s3Trouble(error, 'reading its settings', options)
  }
}

async function createClient(options: S3Options): Promise<S3Client> {
  const { endpoint, caFile, pathStyle, fewChecksums } = options
  const region = options.region ?? (endpoint === null ? null : await usualRegion())
  const connections = { keepAlive: true, maxSockets: maxConnections }
  const ca = caFile === null ? {} : { ca: [...rootCertificates, readFileSync(caFile, 'utf8')] }
  const checksums = fewChecksums ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED'
  return new S3Client({
    ...(endpoint === null ? {} : { endpoint }),
    ...(region === null ? {} : { region }),
    forcePathStyle: pathStyle,
    maxAttempts: attempts,
    expectContinueHeader: false, // it costs a new connection for each part, and a round trip
    requestChecksumCalculation: checksums,
    responseChecksumValidation: 'WHEN_REQUIRED', // whoever reads compares the SHA-256
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      socketTimeout: idleTimeoutMs,
      httpAgent: connections,
      httpsAgent: { ...connections, ...ca },
    },
  })
}

/** Servers of one's own seldom care; Amazon's are found without an endpoint. */
async function usualRegion(): Promise<string> {
  const client = new S3Client({})
  try {
    return await client.config.region()
  } catch {
    return 'us-east-1' // none is set anywhere
  } finally {
    client.destroy()
  }
}

export class S3Calls {
  readonly #options: S3Options
  readonly #client: S3Client
  readonly #patience = new Patience(mayPass)

  constructor(options: S3Options, client: S3Client) {
    this.#options = options
    this.#client = client
  }

  /** How far the clock of the store is ahead of ours, in milliseconds, where they differ by minutes; otherwise 0. */
  get clockOffsetMs(): number {
    return this.#client.config.systemClockOffset
  }

  /** The store refuses bytes whose SHA-256, in hex, is another one. */
  async put(key: string, { bytes, sha256 }: WholeObject, options: CallOptions = {}): Promise<void> {
    const command = new PutObjectCommand({
      ...this.#at(key),
      ...this.#encryption(),
      Body: bytes,
      ContentType: 'application/octet-stream',
    })
    // The signature is over it; without, the SDK would hash the bytes again.
    command.middlewareStack.add(
      next => args => {
        const { headers } = args.request as { headers: Record<string, string> }
        headers['x-amz-content-sha256'] = sha256
        return next(args)
      },
      { step: 'build', name: 'knownSha256' },
    )
    await this.#call(
      'storing an object',
      signal => this.#client.send(command, { abortSignal: signal }),
      options,
    )
  }

  async beginUpload(key: string, options: CallOptions = {}): Promise<Upload> {
    const command = new CreateMultipartUploadCommand({
      ...this.#at(key),
      ...this.#encryption(),
      ContentType: 'application/octet-stream',
      ...this.#checksums(),
    })
    const { UploadId } = await this.#call(
      'beginning an upload',
      signal => this.#client.send(command, { abortSignal: signal }),
      options,
    )
    if (UploadId === undefined) throw new Error('the S3 store began an upload without an id')
    return { key, uploadId: UploadId }
  }

  async putPart(
    { key, uploadId }: Upload,
    { number, bytes }: { number: number; bytes: Buffer },
    options: CallOptions,
  ): Promise<Part> {
    const command = new UploadPartCommand({
      ...this.#at(key),
      ...this.#checksums(),
      UploadId: uploadId,
      PartNumber: number,
      Body: bytes,
    })
    const { ETag, ChecksumCRC32 } = await this.#call(
      'uploading a part',
      signal => this.#client.send(command, { abortSignal: signal }),
      options,
    )
    return { number, etag: ETag, crc32: ChecksumCRC32 }
  }

  /** Also where it is completed already: the answer of an earlier attempt may have been lost. */
  async completeUpload({ key, uploadId }: Upload, parts: readonly Part[]): Promise<void> {
    const command = new CompleteMultipartUploadCommand({
      ...this.#at(key),
      UploadId: uploadId,
      MultipartUpload: {
        Parts: parts.map(({ number, etag, crc32 }) => ({
          PartNumber: number,
          ETag: etag,
          ...(crc32 === undefined ? {} : { ChecksumCRC32: crc32 }),
        })),
      },
    })
    await this.#call('completing an upload', async signal => {
      try {
        await this.#client.send(command, { abortSignal: signal })
      } catch (error) {
        if (nameOf(error) !== 'NoSuchUpload' || (await this.#head(key, signal)) === null) throw error
      }
    })
  }

  /** Safe to repeat. */
  async abortUpload({ key, uploadId }: Upload, options: CallOptions = {}): Promise<void> {
    const command = new AbortMultipartUploadCommand({ ...this.#at(key), UploadId: uploadId })
    await this.#call(
      'aborting an upload',
      async signal => {
        try {
          await this.#client.send(command, { abortSignal: signal })
        } catch (error) {
          if (nameOf(error) !== 'NoSuchUpload') throw error
        }
      },
      options,
    )
  }

  /** From byte `from` on; null where there is no such object. */
  async get(key: string, from = 0, etag?: string): Promise<ObjectBytes | null> {
    const command = new GetObjectCommand({
      ...this.#at(key),
      ...(from === 0 ? {} : { Range: `bytes=${from}-` }),
      ...(etag === undefined ? {} : { IfMatch: etag }),
    })
    return this.#call('reading an object', async signal => {
      try {
        const { Body, ContentLength, ETag } = await this.#client.send(command, { abortSignal: signal })
        const stream = Body as NodeJS.ReadableStream & AsyncIterable<Buffer>
        stream.on('error', () => undefined) // it is told to whoever reads; nobody may be reading yet
        return { chunks: stream, etag: ETag, sizeBytes: from + (ContentLength ?? 0) }
      } catch (error) {
        if (nameOf(error) !== 'NoSuchKey') throw error
        return null
      }
    })
  }

  /** Null where there is no such object. */
  sizeOf(key: string): Promise<number | null> {
    return this.#call('looking at an object', async signal => {
      const sizeBytes = await this.#head(key, signal)
      // That there is no bucket is said in the same words.
      if (sizeBytes === null) {
        const command = new HeadBucketCommand({ Bucket: this.#options.bucket })
        await this.#client.send(command, { abortSignal: signal })
      }
      return sizeBytes
    })
  }

  /** Safe to repeat. */
  async remove(key: string, options: CallOptions = {}): Promise<void> {
    const command = new DeleteObjectCommand(this.#at(key))
    await this.#call(
      'removing an object',
      signal => this.#client.send(command, { abortSignal: signal }),
      options,
    )
  }

  async *list(prefix: string): AsyncGenerator<{ key: string; modifiedAt: number }> {
    for (let after: string | undefined; ; ) {
      const page = await this.#listPage(prefix, { after })
      for (const { Key, LastModified } of page.Contents ?? []) {
        if (Key !== undefined)
          yield { key: Key, modifiedAt: LastModified?.getTime() ?? Number.POSITIVE_INFINITY }
      }
      if (!page.IsTruncated) return
      after = page.NextContinuationToken
    }
  }

  /** Whether anything is there; a request that any store answers in words, unlike those for a bucket alone. */
  async hasAny(prefix: string): Promise<boolean> {
    const { KeyCount, Contents } = await this.#listPage(prefix, { atMost: 1 })
    return (KeyCount ?? Contents?.length ?? 0) > 0
  }

  /** All that are not completed, those of others in the bucket too: MinIO lists all or none. */
  async *uploads(): AsyncGenerator<Upload & { begunAt: number }> {
    for (let after: { KeyMarker?: string; UploadIdMarker?: string } = {}; ; ) {
      const command = new ListMultipartUploadsCommand({ Bucket: this.#options.bucket, ...after })
      const page = await this.#call('listing uploads', signal =>
        this.#client.send(command, { abortSignal: signal }),
      )
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        if (Key === undefined || UploadId === undefined) continue
        yield { key: Key, uploadId: UploadId, begunAt: Initiated?.getTime() ?? Number.POSITIVE_INFINITY }
      }
      const { NextKeyMarker, NextUploadIdMarker } = page
      if (!page.IsTruncated || !NextKeyMarker) return
      after = {
        KeyMarker: NextKeyMarker,
        ...(NextUploadIdMarker ? { UploadIdMarker: NextUploadIdMarker } : {}),
      }
    }
  }

  close(): void {
    this.#client.destroy()
  }

  #listPage(prefix: string, { after, atMost }: { after?: string | undefined; atMost?: number }) {
    const command = new ListObjectsV2Command({
      Bucket: this.#options.bucket,
      Prefix: prefix,
      ...(after === undefined ? {} : { ContinuationToken: after }),
      ...(atMost === undefined ? {} : { MaxKeys: atMost }),
    })
    return this.#call('listing objects', signal => this.#client.send(command, { abortSignal: signal }))
  }

  async #head(key: string, signal: AbortSignal): Promise<number | null> {
    try {
      const command = new HeadObjectCommand(this.#at(key))
      return (await this.#client.send(command, { abortSignal: signal })).ContentLength ?? 0
    } catch (error) {
      if (statusOf(error) !== 404) throw error
      return null
    }
  }

  #at(key: string) {
    return { Bucket: this.#options.bucket, Key: key }
  }

  #checksums() {
    return this.#options.fewChecksums ? {} : ({ ChecksumAlgorithm: 'CRC32' } as const)
  }

  #encryption() {
    const { encryption } = this.#options
    if (encryption === null) return {}
    if (encryption.kind === 'AES256') return { ServerSideEncryption: 'AES256' } as const
    const key = encryption.keyId === null ? {} : { SSEKMSKeyId: encryption.keyId }
    return { ServerSideEncryption: 'aws:kms', ...key } as const
  }

  /** @throws Trouble; that of the caller's signal, if it has one */
  async #call<Result>(
    what: string,
    send: (signal: AbortSignal) => Promise<Result>,
    { signal, patient = true }: CallOptions = {},
  ): Promise<Result> {
    const once = () => withinTime(send, signal)
    try {
      return await (patient ? this.#patience.of(once, signal) : once())
    } catch (error) {
      const reason = signal?.aborted ? signal.reason : error
      throw s3Trouble(reason, what, this.#options)
    }
  }
}

/** Of an answer that is read as a stream, only its beginning has to come in time. */
async function withinTime<Result>(
  send: (signal: AbortSignal) => Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  const timer = new AbortController()
  const timeout = setTimeout(() => timer.abort(), answerTimeoutMs)
  try {
    return await send(signal === undefined ? timer.signal : AbortSignal.any([timer.signal, signal]))
  } catch (error) {
    if (!timer.signal.aborted) throw error
    const late = new Error(`it has not answered for ${answerTimeoutMs / 1000} s`, { cause: error })
    late.name = 'TimeoutError'
    throw late
  } finally {
    clearTimeout(timeout)
  }
}
