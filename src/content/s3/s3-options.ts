/** Where an S3 store is, and how it is talked to. Who we are is none of it: the usual AWS variables and files say so. */
export interface S3Options {
  readonly bucket: string
  /** Before every key, without slashes at its ends; may be empty. */
  readonly prefix: string
  /** An `http:` or `https:` origin; null: Amazon's, or that of the AWS variables. */
  readonly endpoint: string | null
  /** Null: that of the AWS variables or files. */
  readonly region: string | null
  /** The bucket in the path instead of in the name of the host. */
  readonly pathStyle: boolean
  /** What the server is asked to encrypt with; null: what the bucket says. `keyId` null: the bucket's. */
  readonly encryption:
    | { readonly kind: 'AES256' }
    | { readonly kind: 'aws:kms'; readonly keyId: string | null }
    | null
  /** Whether checksums are sent only where the protocol demands them, for old servers. */
  readonly fewChecksums: boolean
  /** A file with the certificate of an authority that the system does not know; null: none. */
  readonly caFile: string | null
}

/** For people: without anything secret. */
export function s3Url({ bucket, prefix, endpoint }: S3Options): string {
  const place = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`
  return endpoint === null ? place : `${place} at ${endpoint}`
}
