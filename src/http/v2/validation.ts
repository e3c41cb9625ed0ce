/** Requests are held to their schemas: arguments of the path and the query are texts and may become numbers, bodies are JSON. */
import { Ajv } from 'ajv'
import type { V2App } from './api.ts'

/** A directory tree of some 25,000 files. */
const maxJsonBytes = 4 * 1024 * 1024

export function checkRequests(app: V2App): void {
  const strict = new Ajv({ strict: false, useDefaults: true })
  const coercing = new Ajv({ strict: false, useDefaults: true, coerceTypes: true })
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? strict : coercing).compile(schema as object),
  )
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: maxJsonBytes },
    (_request, text, done) => {
      try {
        done(null, JSON.parse(text as string))
      } catch (error) {
        done(Object.assign(error as Error, { statusCode: 400, code: 'FST_ERR_CTP_INVALID_JSON_BODY' }))
      }
    },
  )
  /** Bytes of files: read by the route that wants them. */
  app.addContentTypeParser('application/octet-stream', (_request, _payload, done) => done(null))
}
