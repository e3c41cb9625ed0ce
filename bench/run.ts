// Measures this server, ngshare 0.6.0 and a bare server side by side. See README.md.

import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { SETTING_OPTIONS, type Setting, settingIn, settingSuffix, wholeNumber } from './options.ts'
import { findObstacle } from './peers/peers.ts'
import type { PeerName } from './peers/server-process.ts'
import { describeCircumstances } from './report/circumstances.ts'
import type { ScenarioFigures } from './report/figures.ts'
import { measureIndependent } from './report/independent.ts'
import { renderReport } from './report/markdown.ts'
import { type RunOptions, runScenario } from './run-scenario.ts'
import { scenarios } from './scenarios/all.ts'

const PEERS: PeerName[] = ['ours', 'python', 'bare']
const RESULTS = new URL('results/', import.meta.url)

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    peers: { type: 'string' },
    repeat: { type: 'string' },
    quick: { type: 'boolean', default: false },
    wrk: { type: 'boolean', default: false },
    folder: { type: 'string', default: tmpdir() },
    ...SETTING_OPTIONS,
  },
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const settings = chooseSettings()
const runOptions: RunOptions = {
  peers: choosePeers(),
  quick: options.quick,
  isLight: options.wrk,
  rounds: options.repeat === undefined ? null : wholeNumber('--repeat', options.repeat, 1),
  folder: options.folder,
  settings,
}
// Before the run, which may outlast the commit and makes the machine busy itself.
const circumstances = describeCircumstances(options)
const mostWorkers = Math.max(...settings.map(({ workers }) => workers ?? 1))
const independent =
  settings.length > 1 ? { count: mostWorkers, times: await measureIndependent(mostWorkers) } : null
const results: ScenarioFigures[] = []
for (const scenario of chooseScenarios()) {
  process.stderr.write(`${scenario.title} … `)
  const startedAt = performance.now()
  results.push(await runScenario(scenario, runOptions))
  process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`)
}

const report = renderReport(circumstances, { settings, isLight: options.wrk, independent, results })
console.log(`\n${report}`)
await mkdir(RESULTS, { recursive: true })
const fileName = circumstances.commit + settings.map(settingSuffix).join('') + describeExtent()
await writeFile(new URL(`${fileName}.md`, RESULTS), report)
await writeFile(
  new URL(`${fileName}.json`, RESULTS),
  `${JSON.stringify({ ...circumstances, settings, independent, results }, null, 2)}\n`,
)
// Slow is a finding; wrong is a failure.
if (results.some(({ servers }) => servers.some(isFaulty))) process.exitCode = 1

function isFaulty({ errors, lost, meanwhile }: ScenarioFigures['servers'][number]): boolean {
  return errors > 0 || (lost ?? 0) > 0 || (meanwhile?.errors ?? 0) > 0
}

/** More than one where they are to be compared: `--workers 1,2`. */
function chooseSettings(): Setting[] {
  const { shape, replicas, workers } = options
  return (workers?.split(',') ?? [undefined]).map(count => settingIn({ shape, replicas, workers: count }))
}

function chooseScenarios() {
  if (options.only === undefined) return scenarios
  return choose(
    options.only,
    scenarios.map(scenario => scenario.name),
  ).flatMap(name => scenarios.filter(scenario => scenario.name === name))
}

/** Those asked for; else, all that can run here, the quick run leaving Python out. */
function choosePeers(): PeerName[] {
  if (options.peers !== undefined) {
    const chosen = choose(options.peers, PEERS)
    for (const name of chosen) {
      const obstacle = findObstacle(name)
      if (obstacle) throw new Error(`${name}: ${obstacle}`)
    }
    return chosen
  }
  const wanted = options.quick ? PEERS.filter(name => name !== 'python') : PEERS
  return wanted.filter(name => {
    const obstacle = findObstacle(name)
    if (obstacle) console.error(`leaving out ${name}: ${obstacle}`)
    return obstacle === null
  })
}

function choose<Name extends string>(list: string, known: Name[]): Name[] {
  return list.split(',').map(text => {
    const found = known.find(name => name === text.trim())
    if (found === undefined) throw new Error(`there is no ${text}; known are ${known.join(', ')}`)
    return found
  })
}

/** A shortened run must not replace the file of a whole one. */
function describeExtent(): string {
  const isPartial = options.only !== undefined || options.peers !== undefined
  return (options.wrk ? '-wrk' : '') + (options.quick ? '-quick' : '') + (isPartial ? '-partial' : '')
}
