/** Which parts of which pages, and which sources, come from the code. */
import { readFile } from 'node:fs/promises'
import { clientTypes, clientTypesFile } from './client-types.ts'
import { commandTable } from './commands.ts'
import { databaseDiagram, databaseTables, readDatabase } from './database.ts'
import { badRequestTable, overloadTable, refusalTable, troubleTable } from './failures.ts'
import { replacePart } from './markdown.ts'
import { readOpenApi } from './openapi.ts'
import { operationTable, problemTable } from './operations.ts'
import { settingsTable, variablesTable } from './settings.ts'

/** A page as it is, and as it would be with its generated parts written anew. */
export interface Page {
  /** Relative to the root of the project. */
  readonly file: string
  readonly url: URL
  readonly text: string
  readonly generated: string
}

export async function generateDocs(): Promise<Page[]> {
  const [tables, document] = await Promise.all([readDatabase(), readOpenApi()])
  return Promise.all([
    page('docs/cli.md', { commands: commandTable() }),
    page('docs/settings.md', { settings: settingsTable(), variables: variablesTable() }),
    page('docs/database.md', { diagram: databaseDiagram(tables), tables: databaseTables(tables) }),
    page('docs/api-v1.md', {
      refusals: refusalTable(),
      'bad-requests': badRequestTable(),
      troubles: troubleTable(),
      overload: overloadTable(),
    }),
    page('docs/api-v2.md', { operations: operationTable(document), problems: problemTable() }),
    source(clientTypesFile, clientTypes(document)),
  ])
}

/** `parts`: the generated text of each marked part, by its name. */
async function page(file: string, parts: Readonly<Record<string, string>>): Promise<Page> {
  const url = new URL(`../../${file}`, import.meta.url)
  const text = await readFile(url, 'utf8')
  let generated = text
  for (const [name, part] of Object.entries(parts)) generated = replacePart(generated, name, part)
  return { file, url, text, generated }
}

/** A file that is generated as a whole. */
async function source(file: string, generated: string): Promise<Page> {
  const url = new URL(`../../${file}`, import.meta.url)
  const text = await readFile(url, 'utf8').catch(() => '')
  return { file, url, text, generated }
}
