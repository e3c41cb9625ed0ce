import { describe, expect, it } from 'vitest'
import { mayPass, s3Trouble } from './s3-trouble.ts'

const options = {
  ...{ bucket: 'files', prefix: 'x', endpoint: 'https://s3.example.org', region: null, pathStyle: true },
  ...{ encryption: null, fewChecksums: false, caFile: null },
}

function said(name: string, status: number): Error {
  const request = { headers: { authorization: 'AWS4-HMAC-SHA256 Signature=secret' } }
  return Object.assign(new Error('as it says'), {
    name,
    $metadata: { httpStatusCode: status },
    $response: request,
  })
}

describe('what an S3 store says', () => {
  it.each([
    ['XMinioStorageFull', 507],
    ['QuotaExceeded', 403],
    ['XMinioAdminBucketQuotaExceeded', 400],
    ['Unknown', 507],
  ])('with %s (%i) is that it is full, and asking again does not help', (name, status) => {
    expect(s3Trouble(said(name, status), 'storing', options)).toMatchObject({ kind: 'storage-full' })
    expect(mayPass(said(name, status))).toBe(false)
  })

  it.each([
    ['SlowDown', 503, true],
    ['InternalError', 500, true],
    ['AccessDenied', 403, false],
    ['NoSuchBucket', 404, false],
    ['NotImplemented', 501, false],
  ])('with %s (%i) is trouble, and may pass: %j', (name, status, passes) => {
    expect(s3Trouble(said(name, status), 'storing', options)).toMatchObject({ kind: 'storage' })
    expect(mayPass(said(name, status))).toBe(passes)
  })

  it('never brings the signature of a request into the log', () => {
    const trouble = s3Trouble(said('AccessDenied', 403), 'storing', options)
    expect(trouble.message).toContain('s3:PutObject')
    expect(Object.keys(trouble.cause as object)).not.toContain('$response')
  })
})
