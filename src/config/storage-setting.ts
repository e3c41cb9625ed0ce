/** Reads `--storage`: a folder, or a bucket as `s3://bucket/prefix?endpoint=…&region=…`. */
import { resolve } from 'node:path'
import type { S3Options } from '../content/s3/s3-options.ts'

/** `text`: for people and for commands; there is nothing secret in it. */
export type StorageConfig =
  | { readonly kind: 'disk'; readonly text: string; readonly folder: string }
  | { readonly kind: 's3'; readonly text: string; readonly options: S3Options }

/** Calls `mistake` with what was expected, for each thing that is not. */
export function readStorageSetting(text: string, mistake: (expected: string) => void): StorageConfig {
  if (text === '') mistake('a folder, or s3://bucket/prefix')
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    return { kind: 'disk', text: resolve(text), folder: resolve(text) }
  return { kind: 's3', text, options: readBucket(text, mistake) }
}

function readBucket(text: string, mistake: (expected: string) => void): S3Options {
  const url = URL.parse(text)
  if (url === null || url.protocol !== 's3:') {
    mistake('a folder, or s3://bucket/prefix?endpoint=…&region=…')
    return { ...nothing }
  }
  if (url.username !== '' || url.password !== '')
    mistake(
      'no keys in it: they are in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or an AWS credentials file',
    )
  const bucket = url.host
  if (!/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/i.test(bucket))
    mistake('s3:// and the name of a bucket, with 3 to 63 letters, digits, dots and hyphens')
  if (url.hash !== '') mistake('no # in it')
  const arguments_ = new BucketArguments(url.searchParams, mistake)
  const endpoint = arguments_.endpoint()
  const options = {
    bucket,
    prefix: readPrefix(text, mistake),
    endpoint,
    region: arguments_.word('region', /^[a-z0-9-]+$/i, 'a region, such as eu-central-1'),
    // Amazon finds the bucket in the name of the host, servers of one's own have no such names.
    pathStyle:
      arguments_.oneOf('path-style', ['true', 'false'], endpoint === null ? 'false' : 'true') === 'true',
    encryption: arguments_.encryption(),
    fewChecksums: arguments_.oneOf('checksums', ['always', 'required'], 'always') === 'required',
    caFile: arguments_.word('ca', /^\/./, 'the absolute path of a PEM file'),
  }
  arguments_.refuseOthers()
  return options
}

const nothing: S3Options = {
  ...{ bucket: '', prefix: '', endpoint: null, region: null, pathStyle: false, encryption: null },
  ...{ fewChecksums: false, caFile: null },
}

/** Without slashes at its ends. Some servers take keys for paths, and resolve dots in them. */
function readPrefix(text: string, mistake: (expected: string) => void): string {
  const [, path = ''] = /^[^:]*:\/\/[^/?#]*([^?#]*)/.exec(text) ?? [] // a URL would resolve the dots
  const prefix = decoded(path)?.replace(/^\/+|\/+$/g, '')
  const isPlain = prefix !== undefined && /^[\w!'()*. -]*(\/[\w!'()*. -]+)*$/.test(prefix)
  if (isPlain && !prefix.split('/').some(part => part === '.' || part === '..')) return prefix
  mistake("a prefix of letters, digits and !_-.*'() between single slashes")
  return ''
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined // a stray %
  }
}

class BucketArguments {
  readonly #given: URLSearchParams
  readonly #mistake: (expected: string) => void
  readonly #known = new Set<string>()

  constructor(given: URLSearchParams, mistake: (expected: string) => void) {
    this.#given = given
    this.#mistake = mistake
  }

  /** Null where it is not given. */
  word(name: string, form: RegExp, expected: string): string | null {
    this.#known.add(name)
    const [text, ...more] = this.#given.getAll(name)
    if (text === undefined) return null
    if (more.length > 0) this.#mistake(`${name} only once`)
    if (!form.test(text)) this.#mistake(`${name}= with ${expected}`)
    return text
  }

  oneOf<Choice extends string>(name: string, choices: readonly Choice[], fallback: Choice): Choice {
    const text = this.word(name, new RegExp(`^(${choices.join('|')})$`), choices.join(' or '))
    return choices.find(choice => choice === text) ?? fallback
  }

  endpoint(): string | null {
    const text = this.word('endpoint', /^/, '')
    const url = URL.parse(text ?? 'https://none')
    const isPlain = url !== null && url.username === '' && url.password === '' && url.search === ''
    if (!isPlain || !/^https?:$/.test(url.protocol))
      this.#mistake('endpoint= with an http or https URL, such as https://s3.example.org')
    return text?.replace(/\/+$/, '') ?? null
  }

  encryption(): S3Options['encryption'] {
    const kind = this.oneOf('sse', ['', 'AES256', 'aws:kms'], '')
    const keyId = this.word('kms-key', /^\S+$/, 'the id or ARN of a key')
    if (keyId !== null && kind !== 'aws:kms') this.#mistake('kms-key= only with sse=aws:kms')
    if (kind === '') return null
    return kind === 'AES256' ? { kind } : { kind, keyId }
  }

  refuseOthers(): void {
    const known = [...this.#known]
    const others = new Set([...this.#given.keys()].filter(name => !known.includes(name)))
    for (const name of others)
      this.#mistake(`no ${name}= but only ${known.map(name => `${name}=`).join(', ')}`)
  }
}
