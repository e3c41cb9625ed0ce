/** Node, and whether the settings are such that the server would start. */
import { readFileSync } from 'node:fs'
import type { Config } from '../../config/config.ts'
import { CommandFailed } from '../../terminal/failure.ts'
import { type Finding, findings, messageOf } from './finding.ts'
import type { Environment, ServerAccess } from './server-access.ts'

/** As `engines` in package.json. */
const oldestNode = [22, 12] as const

export function checkNode(version: string): Finding {
  const { ok, wrong } = findings('Node')
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])
  if (!isOld) return ok(`Node ${version}`)
  return wrong(`Node ${version} is too old`, `Install Node ${oldestNode.join('.')} or newer.`)
}

/** `settings` null: the server would not start; what is wrong has been found. */
export function checkConfiguration(
  server: ServerAccess,
  input: { args: readonly string[]; environment: Environment },
): { config: Config | null; found: Finding[] } {
  const { ok, warning, wrong } = findings('configuration')
  let config: Config | null
  try {
    config = server.readSettings(input.args, input.environment)
  } catch (error) {
    if (!(error instanceof Error && error.name === 'ConfigMistakes')) throw error
    const lacksHub = input.environment.JUPYTERHUB_API_URL === undefined
    const found = error.message.split('\n').map(line => wrong(line, fixOf(line, lacksHub)))
    return { config: null, found }
  }
  if (config === null) return { config, found: [] }
  const found: Finding[] = []
  if (config.mode.kind === 'stand-alone') {
    found.push(
      warning(
        'stand-alone mode believes whoever asks',
        'Fine for trying. For a class run ngshare as a service of JupyterHub, without --vngshare.',
      ),
    )
  }
  if (config.admins.length === 0 && !(config.mode.kind === 'service' && config.mode.hub.hubAdmins)) {
    found.push(warning('there are no admins, so nobody can create a course', 'Name some: --admins alice,bob'))
  }
  if (config.debug && config.mode.kind === 'service')
    found.push(warning('debug mode explains refusals to everyone', 'Leave out --debug for a class.'))
  if (config.mode.kind === 'service' && config.mode.hub.tokenCheck === 'off')
    found.push(
      warning(
        'tokens that other services got for a person are accepted (--token-check off)',
        'Leave out --token-check, unless you need it.',
      ),
    )
  return { config, found: found.length > 0 ? found : [ok('the settings are complete')] }
}

function fixOf(line: string, lacksHub: boolean): string {
  if (lacksHub && /jupyterhub/i.test(line))
    return 'The hub tells its services this in their environment. Give the doctor the same: `ngshare doctor --pid PID` takes it from the server that runs, or set the variable as the configuration of the hub does.'
  return 'Correct this option or variable; docs/settings.md lists them all.'
}

/** The options and the environment of a server that runs here. @throws CommandFailed */
export function settingsOfProcess(pid: number): { args: string[]; environment: Environment } {
  try {
    const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0').slice(0, -1)
    const words = read('cmdline')
    const program = words.findLastIndex(word => /(^|\/)(ngshare|main\.js|main\.ts)$/.test(word))
    if (program === -1) throw new Error(`it is not ngshare: ${words[0] ?? 'nothing'}`)
    const environment = Object.fromEntries(
      read('environ').map(entry => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
    )
    return { args: words.slice(program + 1), environment }
  } catch (error) {
    throw new CommandFailed(`cannot take the settings of process ${pid}: ${messageOf(error)}`)
  }
}
