/** What a wheel says about itself: https://packaging.python.org/specifications/core-metadata/ */
import type { Table } from './pyproject.ts'

/** How each entry of [project] is written. One that is not here has no place in a wheel of ours, or not yet. */
const fields: Readonly<Record<string, (value: unknown) => readonly string[]>> = {
  name: value => [`Name: ${text(value)}`],
  version: value => [`Version: ${text(value)}`],
  description: value => [`Summary: ${text(value)}`],
  authors: value => list(value).map(author => `Author: ${text((author as Table).name)}`),
  license: value => [`License-Expression: ${text(value)}`],
  'license-files': value => list(value).map(file => `License-File: ${text(file)}`),
  keywords: value => [`Keywords: ${list(value).map(text).toSorted().join(',')}`],
  classifiers: value => list(value).map(classifier => `Classifier: ${text(classifier)}`),
  'requires-python': value => [`Requires-Python: ${text(value)}`],
  dependencies: value => list(value).map(dependency => `Requires-Dist: ${text(dependency)}`),
  readme: () => ['Description-Content-Type: text/markdown'],
}

/** The file `METADATA`. `readme`: the text of the page that the project names, in Markdown. */
export function metadataOf(project: Table, readme: string): string {
  for (const key of Object.keys(project)) {
    if (fields[key] === undefined) throw new Error(`pyproject.toml: a wheel of ours cannot have ${key} yet`)
  }
  const lines = Object.entries(fields).map(([key, write]) => (key in project ? write(project[key]) : []))
  return `${['Metadata-Version: 2.4', ...lines.flat()].join('\n')}\n\n${readme}`
}

/** The file `entry_points.txt`. */
export function entryPointsOf(scripts: Table): string {
  const lines = Object.entries(scripts).map(([name, target]) => `${name} = ${text(target)}\n`)
  return `[console_scripts]\n${lines.join('')}`
}

export function text(value: unknown): string {
  if (typeof value !== 'string' || value.includes('\n')) throw new Error(`expected a line of text: ${value}`)
  return value
}

export function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`expected an array: ${value}`)
  return value
}
