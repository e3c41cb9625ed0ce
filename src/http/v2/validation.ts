/**
 * Requests are held to their schemas (arguments of the path and the query are texts and may become numbers, bodies are
 * JSON), and answers are written by theirs. Each is compiled when it is first needed: all at once they would take a
 * third of a small server's memory.
 */
import { Ajv, type ValidateFunction } from 'ajv'
import fastJsonStringify from 'fast-json-stringify'
import type { V2App } from './api.ts'
import { maxJsonBytes } from './large-bodies.ts'

export function holdToSchemas(app: V2App): void {
  const strict = lazy(() => new Ajv({ strict: false, useDefaults: true }))
  const coercing = lazy(() => new Ajv({ strict: false, useDefaults: true, coerceTypes: true }))
  app.setValidatorCompiler(({ schema, httpPart }) => {
    const check = lazy(() => (httpPart === 'body' ? strict() : coercing()).compile(schema as object))
    return value => outcomeOf(check(), value)
  })
  app.setSerializerCompiler(({ schema }) => {
    const write = lazy(() => fastJsonStringify(schema as object))
    return value => write()(value)
  })
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

/** As Fastify wants to be told. */
function outcomeOf(check: ValidateFunction, value: unknown) {
  return check(value) ? { value } : { error: (check.errors ?? []) as never }
}

function lazy<Thing>(make: () => Thing): () => Thing {
  let made: Thing | undefined
  return () => {
    made ??= make()
    return made
  }
}
