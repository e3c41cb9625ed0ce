/** Reads `pyproject.toml`, as far as ours is written: names, strings, arrays, inline tables. Anything else is an error. */

export type Table = Readonly<Record<string, unknown>>

/** @throws Error for what is not a string, an array of them, or an inline table in an array. */
export function readTable(toml: string, name: string): Table {
  const [, ...tables] = toml.split(/^\[/m)
  const table = tables.find(text => text.startsWith(`${name}]\n`))
  if (table === undefined) throw new Error(`pyproject.toml has no table [${name}]`)
  const lines = table
    .split('\n')
    .slice(1)
    .filter(line => line !== '' && !line.startsWith('#'))
  const entries: [string, string][] = []
  for (const line of lines) {
    const [, key, value] = /^([\w-]+) = (.*)$/.exec(line) ?? []
    const last = entries.at(-1)
    if (key !== undefined && value !== undefined) entries.push([key, value])
    else if (last !== undefined) last[1] += line
    else throw new Error(`pyproject.toml: this is no entry: ${line}`)
  }
  return Object.fromEntries(entries.map(([key, value]) => [key, readValue(key, value)]))
}

/** Values of these kinds are JSON, but for the names in inline tables and the comma at an end. */
function readValue(key: string, toml: string): unknown {
  const json = toml.replace(/([{,]\s*)([\w-]+) = /g, '$1"$2": ').replace(/,\s*([\]}])/g, '$1')
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new Error(`pyproject.toml: the value of ${key} cannot be read: ${toml}`, { cause: error })
  }
}
