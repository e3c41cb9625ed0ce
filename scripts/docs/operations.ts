/** The operations of the second API, as its OpenAPI document has them. */
import { refusalProblems } from '../../src/http/v2/problems.ts'
import { code, markdownTable } from './markdown.ts'
import type { OpenApiDocument } from './openapi.ts'

export function operationTable(document: OpenApiDocument): string {
  const rows = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary }]) => [
      code(`${method.toUpperCase()} ${path.replaceAll('{', '<').replaceAll('}', '>')}`),
      summary,
    ]),
  )
  return markdownTable(['operation', 'what it does'], rows)
}

export function problemTable(): string {
  return markdownTable(
    ['code', 'status', 'detail'],
    Object.entries(refusalProblems).map(([name, { status, message }]) => [
      code(name),
      String(status),
      message,
    ]),
  )
}
