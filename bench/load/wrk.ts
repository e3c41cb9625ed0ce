// Questions that are asked again and again, by wrk: it takes a fraction of the processor time that our own load process
// takes for an answer, and leaves it to the server.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { processTimes } from '../peers/process-tree.ts'
import type { LoadJob, LoadResult } from './job.ts'
import type { Load } from './load-process.ts'
import { prepareRequests } from './prepare.ts'

/** What wrk cannot do is done by the load process. */
export class LightLoad implements Load {
  readonly #heavy: Load

  constructor(heavy: Load) {
    this.#heavy = heavy
  }

  run(job: LoadJob): Promise<LoadResult> {
    return isForWrk(job) ? runWrk(job) : this.#heavy.run(job)
  }

  finishEarly(): void {
    this.#heavy.finishEarly()
  }

  close(): Promise<void> {
    return this.#heavy.close()
  }
}

function isForWrk({ target, requests, limit, everyMs, keepAnswers }: LoadJob): boolean {
  const isPlain = everyMs === undefined && keepAnswers !== true && target.ports.length === 1
  const isQuestions = requests.every(({ method }) => method === 'GET')
  return isPlain && isQuestions && limit.requests === Infinity && expectedText(requests) !== null
}

/** What every answer must hold; null where they differ, or are more than a text. */
function expectedText([first, ...others]: LoadJob['requests']): string | null {
  if (first?.expects?.kind !== 'text') return null
  const { text } = first.expects
  const isSame = others.every(({ expects }) => expects?.kind === 'text' && expects.text === text)
  return isSame ? text : null
}

/** wrk tells latencies as quantiles, of which so many stand for all. */
const QUANTILES = 1000
const LOOK_EVERY_MS = 20

async function runWrk(job: LoadJob): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), 'ngshare-bench-wrk-'))
  try {
    const script = join(folder, 'job.lua')
    await writeFile(script, scriptOf(job))
    const seconds = Math.ceil(job.limit.seconds) // it knows whole ones only
    const how = ['-t', '1', '-c', String(job.connections), '-d', `${seconds}s`, '-s', script]
    const wrk = spawn('wrk', [...how, `http://127.0.0.1:${job.target.ports[0]}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let busySeconds = 0
    const looking = setInterval(() => {
      if (wrk.pid !== undefined) busySeconds = Math.max(busySeconds, processTimes([wrk.pid]))
    }, LOOK_EVERY_MS)
    const ended = Promise.all([text(wrk.stdout), once(wrk, 'exit')])
    const [output] = await ended.finally(() => clearInterval(looking))
    return resultOf(output, busySeconds)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The same bytes as the load process sends, in turns, and the same look at each answer. */
function scriptOf(job: LoadJob): string {
  const requests = prepareRequests(job).map(({ head }) => luaText(head.toString('latin1')))
  return `
local requests = { ${requests.join(', ')} }
local expected = ${luaText(expectedText(job.requests) ?? '')}
local asked = 0
wrong = 0
local threads = {}
function setup(thread) table.insert(threads, thread) end
function request()
  asked = asked + 1
  return requests[asked % #requests + 1]
end
function response(status, headers, body)
  if status ~= 200 or not string.find(body, expected, 1, true) then wrong = wrong + 1 end
end
function done(summary, latency)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  for _, thread in ipairs(threads) do broken = broken + thread:get('wrong') end
  io.write(string.format('RESULT {"requests":%d,"micros":%d,"errors":%d,"latencies":[', summary.requests, summary.duration, broken))
  for i = 1, ${QUANTILES} do
    if i > 1 then io.write(',') end
    io.write(latency:percentile((i - 0.5) * 100 / ${QUANTILES}))
  end
  io.write(']}\\n')
end
`
}

function luaText(bytes: string): string {
  return JSON.stringify(bytes)
}

function resultOf(output: string, busySeconds: number): LoadResult {
  const found = /^RESULT (.*)$/m.exec(output)?.[1]
  if (found === undefined) throw new Error(`wrk said nothing of use: ${output.slice(0, 200)}`)
  const { requests, micros, errors, latencies } = JSON.parse(found)
  const seconds = micros / 1e6
  return {
    completed: requests - errors,
    seconds,
    latenciesMs: latencies.map((latency: number) => latency / 1000),
    errors,
    errorSamples: errors === 0 ? [] : [`wrk counted ${errors} wrong answers and broken connections`],
    loadBusy: busySeconds / seconds,
    answers: [],
  }
}
