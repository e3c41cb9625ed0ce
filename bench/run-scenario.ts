// Runs one scenario against all servers, in interleaved rounds, each server fresh and in a folder of its own.

import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LoadProcess } from './load/load-process.ts'
import { LightLoad } from './load/wrk.ts'
import type { Setting } from './options.ts'
import { readPeakMemoryMb, resetPeakMemory } from './peers/memory.ts'
import { type Peer, startPeer } from './peers/peers.ts'
import { processTimes } from './peers/process-tree.ts'
import type { PeerName } from './peers/server-process.ts'
import { figuresOf, type ScenarioFigures, type ServerFigures } from './report/figures.ts'
import type { Bench, Round, Scenario } from './scenarios/scenario.ts'

const run = promisify(execFile)

export type RunOptions = {
  peers: PeerName[]
  quick: boolean
  /** Whether wrk does what it can do. */
  isLight: boolean
  /** Null leaves the number of rounds to the scenario. */
  rounds: number | null
  /** Where the servers keep their data. In memory (tmpfs) nothing would be durable, nor cost what it costs. */
  folder: string
  /** How ours is run; with more than one, ours is there as often. */
  settings: Setting[]
}

type Track = {
  bench: Bench
  rounds: Round[]
  peakMb: number | null
  /** By round: how much of how many processors the server used. */
  cores: number[]
  lost: number | null
  failure: string | null
}

export async function runScenario(scenario: Scenario, options: RunOptions): Promise<ScenarioFigures> {
  const folder = await mkdtemp(join(options.folder, `ngshare-bench-${scenario.name}-`))
  const removeFolder = () => rmSync(folder, { recursive: true, force: true })
  // Half a gigabyte must not stay behind when somebody interrupts the run.
  process.once('exit', removeFolder)
  const load = options.isLight ? new LightLoad(new LoadProcess()) : new LoadProcess()
  const otherLoad = new LoadProcess()
  const peers: Peer[] = []
  try {
    const hubDelayMs = scenario.hubDelayMs ?? null
    for (const name of options.peers) {
      // It knows no hub, so it would be asked without tokens.
      if (name === 'bare' && hubDelayMs !== null) continue
      for (const setting of name === 'ours' ? options.settings : options.settings.slice(0, 1)) {
        const own = join(folder, `${name}${peers.length}`)
        await mkdir(own)
        peers.push(await startPeer(name, { ...setting, folder: own, hubDelayMs }))
      }
    }
    const tracks = peers.map(peer => newTrack({ peer, load, otherLoad, quick: options.quick }))
    for (const track of tracks) await attempt(track, () => scenario.prepare(track.bench))
    const rounds = options.rounds ?? (options.quick ? 1 : scenario.rounds)
    for (let round = 0; round < rounds; round++) {
      for (const track of tracks) await attempt(track, () => runRound(scenario, track, round))
    }
    return {
      name: scenario.name,
      title: scenario.title,
      wanted: scenario.wanted,
      servers: tracks.map(figuresOfTrack),
    }
  } finally {
    for (const peer of peers) await peer.stop()
    await otherLoad.close()
    await load.close()
    removeFolder()
    process.off('exit', removeFolder)
  }
}

function newTrack(bench: Bench): Track {
  return { bench, rounds: [], peakMb: null, cores: [], lost: null, failure: null }
}

/** One server's failure must not hide what the others can do. */
async function attempt(track: Track, act: () => Promise<void>): Promise<void> {
  if (track.failure !== null) return
  try {
    await act()
  } catch (error) {
    track.failure = String(error)
  }
}

async function runRound(scenario: Scenario, track: Track, round: number): Promise<void> {
  const { bench } = track
  // What a server that never syncs left behind would be written in the next one's time.
  await run('sync')
  for (const pid of bench.peer.pids()) await resetPeakMemory(pid)
  const [startedAt, secondsBefore] = [performance.now(), processTimes(bench.peer.pids())]
  const result = await scenario.run(bench, round)
  track.rounds.push(result)
  const seconds = (performance.now() - startedAt) / 1000
  track.cores.push((processTimes(bench.peer.pids()) - secondsBefore) / seconds)
  const peakMb = await peakMemoryMb(bench.peer.pids())
  if (peakMb !== null) track.peakMb = Math.max(track.peakMb ?? 0, peakMb)
  if (scenario.countLost) track.lost = (track.lost ?? 0) + (await scenario.countLost(bench, round, result))
}

function figuresOfTrack({ bench, rounds, peakMb, cores, lost, failure }: Track): ServerFigures {
  const figures = figuresOf(rounds.map(({ main }) => main))
  const meanwhile = rounds.flatMap(round => round.meanwhile ?? [])
  if (failure !== null) {
    figures.errors++
    figures.errorSamples.push(failure)
  }
  return {
    peer: bench.peer.name,
    workers: bench.peer.workers,
    ...figures,
    peakMb,
    cores: cores.reduce((sum, used) => sum + used, 0) / cores.length,
    lost,
    meanwhile: meanwhile.length > 0 ? figuresOf(meanwhile) : null,
  }
}

/** Of the largest of them; null where the system does not tell. */
async function peakMemoryMb(pids: readonly number[]): Promise<number | null> {
  const peaks = await Promise.all(pids.map(readPeakMemoryMb))
  return peaks.reduce((most, peak) => (most === null || peak === null ? null : Math.max(most, peak)), 0)
}
