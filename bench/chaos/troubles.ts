// What goes wrong meanwhile: the process is killed, the disk fills, the hub stalls, the key changes.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Trouble } from '../peers/fake-hub.ts'
import { Random } from '../random.ts'
import { type Chronicle, isDiskFull, isHubTrouble, type Seen } from './chronicle.ts'
import type { Plan, Stall } from './plan.ts'
import type { Scene } from './scene.ts'

type Stage = { plan: Plan; chronicle: Chronicle; scene: Scene; signal: AbortSignal; turns: Turns }

/** What there was of it; `refused`: how many were told so. */
export type TroublesSeen = {
  fills: { seconds: number; refused: number; failedStarts: number }[]
  stalls: { stall: Stall; seconds: number; refused: number }[]
  keyChanged: boolean
}

/** Longer than planned until somebody felt it, but not for ever. */
const MOST_MS = 10_000
const REFILL_MS = 20
const KEY_ATTEMPTS = 10
/** Between two kills somebody is served. */
const MOST_SERVED_BETWEEN = 20

/** Resolves when all that was planned has happened, or the time is up. */
export async function makeTrouble(stage: Omit<Stage, 'turns'>): Promise<TroublesSeen> {
  const staged = { ...stage, turns: new Turns() }
  const [, fills, stalls, keyChanged] = await Promise.all([
    killAgainAndAgain(staged),
    fillDisk(staged),
    stallHub(staged),
    changeKey(staged),
  ])
  return { fills, stalls, keyChanged }
}

/** One trouble at a time, or nobody would feel the one for the other. */
class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<Result>(act: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(act)
    this.#last = turn.catch(() => undefined) // whoever took the turn is told
    return turn
  }
}

async function killAgainAndAgain({ plan, chronicle, scene, signal, turns }: Stage): Promise<void> {
  const { victim } = scene
  const random = new Random(`${plan.seed} kills`)
  for (const { at, delayMs, againAfterMs } of plan.kills) {
    const soon = chronicle.acknowledged + random.whole(1, MOST_SERVED_BETWEEN)
    await chronicle.reach(Math.min(Math.max(at, soon), plan.submissions))
    await turns.take(async () => {
      await sleep(delayMs)
      if (signal.aborted) return
      await victim.kill()
      if (againAfterMs === null) return
      await sleep(againAfterMs)
      await victim.kill()
    })
  }
}

/** Full means full: what the server frees is taken at once. */
async function fillDisk({ plan, chronicle, scene, signal, turns }: Stage): Promise<TroublesSeen['fills']> {
  const { disk, victim } = scene
  const seen: TroublesSeen['fills'] = []
  const fillOnce = async (forMs: number) => {
    if (disk === null || signal.aborted) return
    await victim.untilWell()
    const [startedAt, mishaps] = [performance.now(), victim.mishaps.length]
    const felt = feltSince(chronicle, isDiskFull)
    disk.fill()
    const keepFull = setInterval(() => disk.fill(), REFILL_MS)
    try {
      await sleep(forMs / 2)
      await lastUntil(signal, () => felt() > 0)
      await victim.kill()
      await sleep(forMs / 2)
    } finally {
      clearInterval(keepFull)
      disk.free()
    }
    const failedStarts = victim.mishaps.length - mishaps
    seen.push({ seconds: (performance.now() - startedAt) / 1000, refused: felt(), failedStarts })
    await victim.untilWell()
  }
  for (const { at, forMs } of plan.fills) {
    await chronicle.reach(at)
    await turns.take(() => fillOnce(forMs))
  }
  return seen
}

async function stallHub({ plan, chronicle, scene, signal, turns }: Stage): Promise<TroublesSeen['stalls']> {
  const seen: TroublesSeen['stalls'] = []
  const stallOnce = async ({ stall, forMs, killAfterMs }: Plan['stalls'][number]) => {
    if (signal.aborted) return
    const startedAt = performance.now()
    const felt = feltSince(chronicle, isHubTrouble)
    await beginStall(scene, stall)
    try {
      await sleep(killAfterMs ?? 0)
      if (killAfterMs !== null) await scene.victim.kill()
      await sleep(forMs - (killAfterMs ?? 0))
      if (killAfterMs !== null) await lastUntil(signal, () => felt() > 0)
    } finally {
      await endStall(scene, stall)
    }
    seen.push({ stall, seconds: (performance.now() - startedAt) / 1000, refused: felt() })
  }
  for (const planned of plan.stalls) {
    await chronicle.reach(planned.at)
    await turns.take(() => stallOnce(planned))
  }
  return seen
}

async function beginStall({ hub }: Scene, stall: Stall): Promise<void> {
  if (stall === 'closed') await hub.stop()
  else if (stall === 'frozen') process.kill(hub.pid, 'SIGSTOP')
  else await tellHub(hub.port, stall)
}

async function endStall({ hub }: Scene, stall: Stall): Promise<void> {
  if (stall === 'closed') await hub.start()
  else if (stall === 'frozen') process.kill(hub.pid, 'SIGCONT')
  else await tellHub(hub.port, 'none')
}

async function tellHub(port: number, trouble: Trouble): Promise<void> {
  await fetch(`http://127.0.0.1:${port}/trouble/${encodeURIComponent(trouble)}`, { method: 'PUT' })
}

function feltSince(chronicle: Chronicle, matches: (seen: Seen) => boolean): () => number {
  const from = chronicle.seen.length
  return () => chronicle.seen.slice(from).filter(matches).length
}

async function lastUntil(signal: AbortSignal, isEnough: () => boolean): Promise<void> {
  const endsAt = performance.now() + MOST_MS
  while (!isEnough() && !signal.aborted && performance.now() < endsAt) await sleep(50)
}

/** By a command beside the running server. It may meet a full disk, so it has several tries. */
async function changeKey({ plan, chronicle, scene, signal }: Stage): Promise<boolean> {
  await chronicle.reach(plan.rotateKeyAt)
  for (let attempt = 0; attempt < KEY_ATTEMPTS && !signal.aborted; attempt++) {
    const { code } = await scene.command(['receipt', 'rotate-key'])
    if (code === 0) return true
    await sleep(1000)
  }
  return false
}
