/** Writes the generated parts of the documentation; with `--check` only says which files are stale, and fails. */
import { writeFile } from 'node:fs/promises'
import { generateDocs } from './docs/generate.ts'

const stale = (await generateDocs()).filter(page => page.text !== page.generated)

if (process.argv.includes('--check')) {
  for (const { file } of stale) process.stderr.write(`${file} is stale: run \`npm run docs\`\n`)
  if (stale.length > 0) process.exitCode = 1
} else {
  for (const { url, generated, file } of stale) {
    await writeFile(url, generated)
    process.stdout.write(`wrote ${file}\n`)
  }
}
