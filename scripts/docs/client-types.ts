/**
 * What the typed client knows of the second API, as TypeScript: the shapes that have a title, and of each operation what
 * it takes and answers. From the OpenAPI document; a keyword that is not known here ends in `unknown`, which nobody can use.
 */
import { execFileSync } from 'node:child_process'
import { documentPrefix, type JsonSchema, type OpenApiDocument, type Operation } from './openapi.ts'

export const clientTypesFile = 'src/client/operations.ts'

export function clientTypes(document: OpenApiDocument): string {
  const shapes = new Shapes()
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const types = operations.map(
    ({ operation }) =>
      `/** ${operation.summary}. */\n${operation.operationId}: ${typeOfOperation(shapes, operation)}`,
  )
  const requests = operations.map(({ path, method, operation }) => {
    const request = { method: method.toUpperCase(), path: path.slice(documentPrefix.length) }
    return `${operation.operationId}: ${JSON.stringify(request)},`
  })
  return formatted(`/** The operations of the second API. Written by \`npm run docs\` from the server's OpenAPI document; not by hand. */

    ${shapes.declarations.join('\n\n')}

    /** What each operation takes and answers. */
    export interface Operations { ${types.join('\n\n')} }

    /** How each is asked for; paths are relative to that of the API. */
    export const requests = { ${requests.join('\n')} } as const
  `)
}

/** The shapes that were met on the way, each declared once. */
class Shapes {
  readonly declarations: string[] = []
  readonly #byTitle = new Map<string, string>()

  typeOf(schema: JsonSchema): string {
    if (schema.title === undefined) return this.#anonymous(schema)
    const type = this.#anonymous(schema)
    const declared = this.#byTitle.get(schema.title)
    if (declared !== undefined && declared !== type) throw new Error(`two shapes are called ${schema.title}`)
    if (declared === undefined) {
      this.#byTitle.set(schema.title, type)
      this.declarations.push(`${comment(schema)}export interface ${schema.title} ${type}`)
    }
    return schema.title
  }

  #anonymous(schema: JsonSchema): string {
    if (schema.const !== undefined) return JSON.stringify(schema.const)
    if (schema.enum !== undefined) return schema.enum.map(value => JSON.stringify(value)).join(' | ')
    if (schema.anyOf !== undefined) return schema.anyOf.map(part => this.typeOf(part)).join(' | ')
    switch (schema.type) {
      case 'array':
        return `readonly (${schema.items === undefined ? 'unknown' : this.typeOf(schema.items)})[]`
      case 'object':
        return this.#object(schema)
      case 'integer':
      case 'number':
        return 'number'
      case 'string':
      case 'boolean':
      case 'null':
        return schema.type
      default:
        return 'unknown'
    }
  }

  #object({ properties = {}, required = [] }: JsonSchema): string {
    const fields = Object.entries(properties).map(([name, schema]) =>
      this.field({ name, schema, isRequired: required.includes(name) }),
    )
    return `{ ${fields.join('\n')} }`
  }

  field({ name, schema, isRequired }: { name: string; schema: JsonSchema; isRequired: boolean }): string {
    const key = /^\w+$/.test(name) ? name : JSON.stringify(name)
    const type = this.typeOf(schema)
    return `${comment(schema)}readonly ${key}${isRequired ? `: ${type}` : `?: ${type} | undefined`}`
  }
}

function typeOfOperation(shapes: Shapes, { parameters = [], requestBody, responses }: Operation): string {
  const places = (['path', 'query', 'header'] as const).flatMap(place => {
    const here = parameters.filter(parameter => parameter.in === place)
    if (here.length === 0) return []
    const fields = here.map(({ name, schema, required = false, description }) =>
      shapes.field({
        name,
        schema: description === undefined ? schema : { ...schema, description },
        isRequired: required,
      }),
    )
    const isRequired = here.some(parameter => parameter.required)
    return [`readonly ${place}${isRequired ? '' : '?'}: { ${fields.join('\n')} }`]
  })
  const sent = requestBody?.content['application/json']?.schema
  const body = sent === undefined ? [] : [`readonly body: ${shapes.typeOf(sent)}`]
  return `{ ${[...places, ...body, `readonly answer: ${answerOf(shapes, responses)}`].join('\n')} }`
}

/** Of the answer that says that it is done; on the way, the shape of problems is met. */
function answerOf(shapes: Shapes, responses: Operation['responses']): string {
  for (const { content = {} } of Object.values(responses)) {
    const problem = content['application/problem+json']?.schema
    if (problem !== undefined) shapes.typeOf(problem)
  }
  const done = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1]
  if (done?.content === undefined) return 'null'
  const json = done.content['application/json']?.schema
  return json === undefined ? 'ReadableStream<Uint8Array>' : shapes.typeOf(json)
}

function comment({ description }: JsonSchema): string {
  return description === undefined ? '' : `/** ${description.replaceAll('*/', '* /')} */\n`
}

function formatted(code: string): string {
  const biome = new URL('../../node_modules/.bin/biome', import.meta.url).pathname
  return execFileSync(biome, ['format', `--stdin-file-path=${clientTypesFile}`], {
    input: code,
    encoding: 'utf8',
    cwd: new URL('../../', import.meta.url).pathname,
  })
}
