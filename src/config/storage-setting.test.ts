import { describe, expect, it } from 'vitest'
import { readStorageSetting } from './storage-setting.ts'

function read(text: string) {
  const mistakes: string[] = []
  const storage = readStorageSetting(text, expected => mistakes.push(expected))
  return { storage, mistakes }
}

describe('where files are kept', () => {
  it.each([
    ['/srv/ngshare/files', '/srv/ngshare/files'],
    ['files', `${process.cwd()}/files`],
  ])('is a folder: %s', (text, folder) => {
    expect(read(text)).toEqual({ storage: { kind: 'disk', text: folder, folder }, mistakes: [] })
  })

  it('is a bucket of Amazon where no endpoint is named', () => {
    expect(read('s3://class-files')).toMatchObject({
      storage: {
        kind: 's3',
        options: { bucket: 'class-files', prefix: '', endpoint: null, pathStyle: false },
      },
      mistakes: [],
    })
  })

  it('takes all that there is to say about a bucket', () => {
    const text =
      's3://class-files/exchange/one/?endpoint=https://s3.example.org:9000/&region=eu-central-1&path-style=false&sse=aws:kms&kms-key=arn:aws:kms:x&checksums=required&ca=/etc/ca.pem'
    expect(read(text)).toEqual({
      mistakes: [],
      storage: {
        kind: 's3',
        text,
        options: {
          bucket: 'class-files',
          prefix: 'exchange/one',
          endpoint: 'https://s3.example.org:9000',
          region: 'eu-central-1',
          pathStyle: false,
          encryption: { kind: 'aws:kms', keyId: 'arn:aws:kms:x' },
          fewChecksums: true,
          caFile: '/etc/ca.pem',
        },
      },
    })
  })

  it.each([
    ['', 'a folder, or s3://'],
    ['gs://bucket/prefix', 'a folder, or s3://bucket'],
    ['s3://', 'name of a bucket'],
    ['s3://x', 'name of a bucket'],
    ['s3://key:secret@bucket', 'no keys in it'],
    ['s3://bucket/a/../b', 'a prefix of letters'],
    ['s3://bucket/a//b', 'a prefix of letters'],
    ['s3://bucket/a?endpoint=s3.example.org', 'endpoint='],
    ['s3://bucket/a?endpoint=https://key:secret@s3.example.org', 'endpoint='],
    ['s3://bucket/a?path-style=maybe', 'path-style='],
    ['s3://bucket/a?sse=rot13', 'sse='],
    ['s3://bucket/a?kms-key=x', 'kms-key= only with'],
    ['s3://bucket/a?region=here&region=there', 'region only once'],
    ['s3://bucket/a?ca=relative.pem', 'ca='],
    ['s3://bucket/a?regoin=x', 'no regoin='],
  ])('is not %j', (text, expected) => {
    const { mistakes } = read(text)
    expect(mistakes.join('\n')).toContain(expected)
    expect(mistakes).toHaveLength(1)
  })

  it('tells all mistakes at once', () => {
    expect(read('s3://b/..?sse=x&more=y').mistakes).toHaveLength(4)
  })
})
