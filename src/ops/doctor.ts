/** `ngshare doctor`: what is wrong with an installation, and what to do about it, in which order. */
import { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { CommandFailed } from '../terminal/failure.ts'
import { jsonOption, wholeNumber } from '../terminal/options.ts'
import { report } from '../terminal/output.ts'
import type { Ops } from './command.ts'
import { checkAccount, checkDatabase, checkSpace, checkStorage } from './doctor/data.ts'
import { type Finding, findings, isWrong } from './doctor/finding.ts'
import { checkAddress, checkHubClock, checkOwnClock, checkPrefix, checkToken } from './doctor/hub.ts'
import { checkPort, checkProxy } from './doctor/network.ts'
import type { Environment } from './doctor/server-access.ts'
import { checkConfiguration, checkNode, settingsOfProcess } from './doctor/settings.ts'

interface DoctorOptions {
  readonly json: boolean
  readonly integrity: boolean
  readonly publicUrl?: string
  readonly pid?: number
}

export function doctorCommand(ops: Ops): Command {
  return new Command('doctor')
    .description(
      'Check an installation, and say what to do in which order. Takes all options of the server, and its environment.',
    )
    .usage('[options] [options of the server]')
    .allowUnknownOption()
    .allowExcessArguments()
    .option('--public-url <URL>', 'where people find the hub, to test the way through its proxy')
    .option(
      '--pid <PID>',
      'take options and environment of the server that runs as this process',
      wholeNumber,
    )
    .option('--no-integrity', 'do not read the whole database')
    .addOption(jsonOption())
    .action(async (options: DoctorOptions, command: Command) => {
      const { args, environment } =
        options.pid === undefined
          ? { args: command.args, environment: process.env }
          : settingsOfProcess(options.pid)
      const found = await examine(ops, { ...options, args, environment })
      if (found === null) return // the help of the server was shown
      const wrong = found.filter(isWrong)
      const result = {
        ok: wrong.length === 0,
        wrong: wrong.length,
        warnings: found.filter(({ state }) => state === 'warning').length,
        findings: found,
        toDo: stepsOf(found).map(({ fix }) => fix),
      }
      report(ops.io, options, result, () => wordFindings(found))
      if (wrong.length > 0)
        throw new CommandFailed(wrong.length === 1 ? '1 thing is wrong' : `${wrong.length} things are wrong`)
    })
}

interface Examination extends Omit<DoctorOptions, 'json'> {
  readonly args: readonly string[]
  readonly environment: Environment
}

/** In the order in which to put right what is wrong: what comes later may hang on what comes first. */
async function examine(ops: Ops, input: Examination): Promise<Finding[] | null> {
  const found: Finding[] = [checkNode(process.versions.node)]
  const { config, found: ofSettings } = checkConfiguration(ops.server, input)
  found.push(...ofSettings)
  if (config === null) {
    if (ofSettings.length === 0) return null
    return [...found, findings('the rest').skipped('the settings come first')]
  }
  const data = await examineData(ops, config, input)
  found.push(...data.found)
  found.push(...(await examineHub(ops, config, { ...input, newestMs: data.newestMs })))
  const port = await checkPort(config)
  found.push(port.found)
  if (config.mode.kind === 'service') {
    const publicUrl = input.publicUrl ?? config.mode.hub.publicOrigin
    found.push(await checkProxy(config, { publicUrl, isRunning: port.isRunning }))
  }
  return found
}

async function examineData(
  ops: Ops,
  config: Config,
  { integrity }: Examination,
): Promise<{ found: Finding[]; newestMs: number | null }> {
  const account = await checkAccount(config)
  const mayTry = account.state === 'ok'
  const storage = await checkStorage(ops, config, { mayTry })
  const { newestSchema } = ops.server
  ops.io.progress('reading the database')
  const { found: database, newestMs } = await checkDatabase(ops, config, {
    mayTry: mayTry && !storage.some(isWrong),
    newestSchema,
    integrity,
  })
  ops.io.progress('')
  const found = [account, ...storage, ...database, ...(await checkSpace(config))]
  return { found, newestMs }
}

async function examineHub(
  ops: Ops,
  config: Config,
  { environment, newestMs }: Examination & { newestMs: number | null },
): Promise<Finding[]> {
  const clock = checkOwnClock(Date.now(), newestMs)
  if (config.mode.kind === 'stand-alone') return [clock]
  const { hub } = config.mode
  const { serviceName } = hub
  const probe = ops.server.hub(hub)
  try {
    const address = await checkAddress(probe)
    if (isWrong(address)) {
      const prefix = await checkPrefix(config, { environment, serviceName, probe: null })
      return [clock, address, findings('token').skipped('the hub comes first'), prefix]
    }
    return [
      ...(isWrong(clock) ? [clock] : [clock, ...(await checkHubClock(probe))]),
      address,
      ...(await checkToken(probe, hub)),
      await checkPrefix(config, { environment, serviceName, probe }),
    ]
  } finally {
    await probe.close()
  }
}

const marks = { ok: 'ok     ', warning: 'warning', wrong: 'WRONG  ', skipped: 'skipped' }

function wordFindings(found: readonly Finding[]): string {
  const lines = found.map(({ about, state, says }) => `${marks[state]}  ${about}: ${says}`)
  const steps = stepsOf(found).map(
    ({ about, state, fix }, i) => `${i + 1}. ${about}${state === 'warning' ? ' (may wait)' : ''}: ${fix}`,
  )
  return [
    ...lines,
    ...(steps.length > 0 ? ['', 'What to do, in this order:', ...steps] : ['', 'All is well.']),
  ].join('\n')
}

/** What is wrong comes before what may wait; what is put right by the same act stands once. */
function stepsOf(found: readonly Finding[]): Finding[] {
  const toDo = [...found.filter(isWrong), ...found.filter(({ state }) => state === 'warning')]
  return toDo.filter(({ fix }, i) => toDo.findIndex(other => other.fix === fix) === i)
}
