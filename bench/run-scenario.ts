// Runs one scenario against all servers, in interleaved rounds, each server fresh and in a folder of its own.

import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LoadProcess } from './load/load-process.ts'
import { readPeakMemoryMb, resetPeakMemory } from './peers/memory.ts'
import { type Peer, startPeer } from './peers/peers.ts'
import type { Shape } from './peers/place.ts'
import type { PeerName } from './peers/server-process.ts'
import { figuresOf, type ScenarioFigures, type ServerFigures } from './report/figures.ts'
import type { Bench, Round, Scenario } from './scenarios/scenario.ts'

const run = promisify(execFile)

export type RunOptions = {
  peers: PeerName[]
  quick: boolean
  /** Null leaves the number of rounds to the scenario. */
  rounds: number | null
  /** Where the servers keep their data. In memory (tmpfs) nothing would be durable, nor cost what it costs. */
  folder: string
  /** How ours is run. */
  shape: Shape
  workers: number | null
  replicas: number
}

type Track = {
  bench: Bench
  rounds: Round[]
  peakMb: number | null
  lost: number | null
  failure: string | null
}

export async function runScenario(scenario: Scenario, options: RunOptions): Promise<ScenarioFigures> {
  const folder = await mkdtemp(join(options.folder, `ngshare-bench-${scenario.name}-`))
  const removeFolder = () => rmSync(folder, { recursive: true, force: true })
  // Half a gigabyte must not stay behind when somebody interrupts the run.
  process.once('exit', removeFolder)
  const load = new LoadProcess()
  const otherLoad = new LoadProcess()
  const peers: Peer[] = []
  try {
    const hubDelayMs = scenario.hubDelayMs ?? null
    for (const name of options.peers) {
      // It knows no hub, so it would be asked without tokens.
      if (name === 'bare' && hubDelayMs !== null) continue
      const own = join(folder, name)
      await mkdir(own)
      peers.push(await startPeer(name, { ...options, folder: own, hubDelayMs }))
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
  return { bench, rounds: [], peakMb: null, lost: null, failure: null }
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
  const result = await scenario.run(bench, round)
  track.rounds.push(result)
  const peakMb = await peakMemoryMb(bench.peer.pids())
  if (peakMb !== null) track.peakMb = Math.max(track.peakMb ?? 0, peakMb)
  if (scenario.countLost) track.lost = (track.lost ?? 0) + (await scenario.countLost(bench, round, result))
}

function figuresOfTrack({ bench, rounds, peakMb, lost, failure }: Track): ServerFigures {
  const figures = figuresOf(rounds.map(({ main }) => main))
  const meanwhile = rounds.flatMap(round => round.meanwhile ?? [])
  if (failure !== null) {
    figures.errors++
    figures.errorSamples.push(failure)
  }
  return {
    peer: bench.peer.name,
    ...figures,
    peakMb,
    lost,
    meanwhile: meanwhile.length > 0 ? figuresOf(meanwhile) : null,
  }
}

/** Of all of them together; null where the system does not tell. */
async function peakMemoryMb(pids: readonly number[]): Promise<number | null> {
  const peaks = await Promise.all(pids.map(readPeakMemoryMb))
  return peaks.reduce((sum, peak) => (sum === null || peak === null ? null : sum + peak), 0)
}
