/** The shell blocks of docs/installation.md. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The fenced `sh` blocks below a heading, up to the next heading, joined. */
export function commandsBelow(heading: string, repository: string): string {
  const page = readFileSync(join(repository, 'docs', 'installation.md'), 'utf8')
  const section = page.split(/^#{2,3} /m).find(part => part.startsWith(`${heading}\n`))
  if (section === undefined) throw new Error(`docs/installation.md has no heading ${heading}`)
  const blocks = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(match => match[1] ?? '')
  if (blocks.length === 0) throw new Error(`no commands below ${heading}`)
  return blocks.join('')
}
