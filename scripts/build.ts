/**
 * Bundles `src/` into `dist/`, which `bin/ngshare` runs. Dependencies stay in node_modules. Beside it comes the wheel of
 * the nbgrader plugin, which the server hands out.
 */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { makeWheel } from './wheel/wheel.ts'

await rm('dist', { recursive: true, force: true })
await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node22.12',
  splitting: true,
  sourcemap: true,
  jsx: 'automatic',
  jsxImportSource: 'preact',
  loader: { '.svg': 'text', '.css': 'text' },
})
const wheel = await makeWheel('python')
await writeFile(join('dist', wheel.fileName), wheel.bytes)
