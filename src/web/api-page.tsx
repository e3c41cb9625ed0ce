/** The OpenAPI document for people: every operation with what it takes and what it answers. */
import { renderPage } from './page.tsx'

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly description?: string
  readonly schema?: { readonly description?: string }
}

interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: object
  readonly responses?: Readonly<Record<string, { readonly description?: string }>>
}

/** What the page needs of an OpenAPI 3.1 document. */
export interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string }
  readonly tags?: readonly { readonly name: string; readonly description?: string }[]
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

export function renderApiPage({ prefix, document }: { prefix: string; document: ApiDocument }): string {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
  return renderPage({
    title: `${document.info.title}: second API`,
    icon: `${prefix}favicon.ico`,
    children: (
      <>
        <header>
          <img src={`${prefix}favicon.ico`} alt="" />
          <h1>
            {document.info.title} {document.info.version}: second API
          </h1>
        </header>
        <p>
          {document.info.description} The same for programs: <a href="openapi.json">openapi.json</a>.
        </p>
        {(document.tags ?? []).map(tag => (
          <section key={tag.name}>
            <h2>{tag.description ?? tag.name}</h2>
            {operations
              .filter(({ operation }) => operation.tags?.includes(tag.name))
              .map(({ method, path, operation }) => (
                <OperationEntry key={`${method} ${path}`} method={method} path={path} operation={operation} />
              ))}
          </section>
        ))}
      </>
    ),
  })
}

function OperationEntry({ method, path, operation }: { method: string; path: string; operation: Operation }) {
  const parameters = operation.parameters ?? []
  return (
    <details>
      <summary>
        <code>
          {method} {path}
        </code>{' '}
        {operation.summary}
      </summary>
      <ul>
        {parameters.map(({ name, in: place, required, description, schema }) => (
          <li key={`${place} ${name}`}>
            <code>{name}</code> ({place}
            {required ? '' : ', optional'}) {description ?? schema?.description}
          </li>
        ))}
        {operation.requestBody !== undefined && <li>a JSON body, or the bytes of a file</li>}
        <li>answers: {Object.keys(operation.responses ?? {}).join(', ')}</li>
      </ul>
    </details>
  )
}
