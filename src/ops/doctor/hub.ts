/** The hub as this service sees it: address, clock, token, scopes, prefix. */
import type { Config } from '../../config/config.ts'
import { formatTimestamp } from '../../domain/timestamp.ts'
import { type Finding, findings, messageOf } from './finding.ts'
import type { Environment, HubOptions, HubProbe } from './server-access.ts'

/** A release of this program cannot run before this day. */
const earliestMs = Date.UTC(2026, 10, 1)
/** Tolerated, besides the second that a Date header is coarse by. */
const unnoticedMs = 2000
const wrongMs = 30_000

/** Whether the clock can be right. `newestMs`: of the last submission; null where there is none to compare with. */
export function checkOwnClock(nowMs: number, newestMs: number | null): Finding {
  const { ok, wrong } = findings('clock')
  const now = `${formatTimestamp(nowMs * 1000).slice(0, 19)} UTC`
  const fix =
    'Set the clock, and keep it right by NTP (timedatectl set-ntp true): submissions carry its time.'
  if (nowMs < earliestMs) return wrong(`it says ${now}, which is long ago`, fix)
  if (newestMs !== null && newestMs > nowMs + wrongMs) {
    const newest = formatTimestamp(newestMs * 1000).slice(0, 19)
    return wrong(`it says ${now}, but there is a submission of ${newest} already`, fix)
  }
  return ok(`it says ${now}`)
}

export async function checkAddress(probe: HubProbe): Promise<Finding> {
  const { ok, warning, wrong } = findings('hub')
  let version: string
  try {
    version = await probe.version()
  } catch (error) {
    return wrong(
      messageOf(error),
      'Start the hub, and see that this machine reaches it. JUPYTERHUB_API_URL ends with /hub/api, after the base path of the hub.',
    )
  }
  const major = Number(version.split('.')[0])
  if (Number.isNaN(major))
    return wrong(
      'what answers does not say its version, and is no JupyterHub',
      'Set JUPYTERHUB_API_URL to the API of the hub, such as http://127.0.0.1:8081/hub/api.',
    )
  if (major < 3)
    return warning(
      `JupyterHub ${version} is older than what ngshare is tested with`,
      'Use JupyterHub 3 or newer.',
    )
  return ok(`JupyterHub ${version} answers`)
}

export async function checkHubClock(probe: HubProbe): Promise<Finding[]> {
  const { ok, warning, wrong } = findings('clock')
  const clock = await probe.clock().catch(() => null) // trouble with the hub is told by its own check
  if (clock === null) return []
  const differenceMs = clock.ownMs - clock.hubMs
  // Between what the header may stand for and when the hub wrote it.
  const beyondMs = Math.abs(differenceMs) - 1000 - clock.roundTripMs
  if (beyondMs <= unnoticedMs) return [ok('it agrees with the clock of the hub')]
  const seconds = Math.round(Math.abs(differenceMs) / 1000)
  const says = `it is ${seconds} seconds ${differenceMs > 0 ? 'ahead of' : 'behind'} the clock of the hub`
  const fix =
    'Find out which of the two is wrong, and keep both right by NTP: submissions carry the time of this one.'
  return [beyondMs > wrongMs ? wrong(says, fix) : warning(says, fix)]
}

export async function checkToken(probe: HubProbe, hub: HubOptions): Promise<Finding[]> {
  const { ok, wrong } = findings('token')
  const { serviceName, clientId } = hub
  const registration = `{'name': '${serviceName}', 'api_token': …} in c.JupyterHub.services`
  try {
    const self = await probe.self()
    if (self === null) {
      return [
        wrong(
          'the hub does not know the token of this service',
          `Give JUPYTERHUB_API_TOKEN the api_token of ${registration}, and restart the hub after changing that. A hub that starts the service tells it a new one each time, unless it is fixed there.`,
        ),
      ]
    }
    if (self.kind !== 'service')
      return [
        wrong(
          `the token is that of the user ${self.name}, not of a service: nobody can log in`,
          `Register the service and use its token: ${registration}.`,
        ),
      ]
    if (self.name !== serviceName)
      return [
        wrong(
          `the token is that of the service ${self.name}, but this one takes itself for ${serviceName} (${clientId})`,
          `Set JUPYTERHUB_SERVICE_NAME=${self.name}, or use the token of ${serviceName}.`,
        ),
      ]
    return [ok(`the hub knows it, as the service ${self.name}`), ...(await checkScopes(probe, hub))]
  } catch (error) {
    return [wrong(messageOf(error), 'See the log of the hub.')]
  }
}

async function checkScopes(
  probe: HubProbe,
  { serviceName, groups, tokenCheck }: HubOptions,
): Promise<Finding[]> {
  const { ok, warning } = findings('scopes')
  const found: Finding[] = []
  if (groups !== null && groups.syncMs > 0) {
    const may = await probe.readsGroups()
    found.push(
      may
        ? ok('the service may read the groups of the hub')
        : warning(
            'the service may not read the groups of the hub: rosters show members of groups from their first visit on',
            `c.JupyterHub.load_roles.append({'name': '${serviceName}-groups', 'services': ['${serviceName}'], 'scopes': ['list:groups', 'read:groups']}), or --hub-groups-sync-seconds 0.`,
          ),
    )
  }
  if (tokenCheck === 'strict') {
    found.push(
      ok(
        `--token-check strict: users and their notebook servers need access:services!service=${serviceName}; see docs/jupyterhub.md`,
      ),
    )
  }
  return found.length > 0 ? found : [ok('none are needed')]
}

/** As far as we are told: by the environment, by the base path of the hub, and by the hub itself where it may. */
export async function checkPrefix(
  { prefix }: Pick<Config, 'prefix'>,
  input: { environment: Environment; serviceName: string; probe: HubProbe | null },
): Promise<Finding> {
  const { ok, warning, wrong } = findings('prefix')
  const { environment, serviceName, probe } = input
  const registered =
    environment.JUPYTERHUB_SERVICE_PREFIX || (await probe?.registeredPrefix().catch(() => null)) || null
  if (registered !== null && registered !== prefix) {
    return wrong(
      `the hub sends what is below ${registered} to this service, which serves ${prefix}`,
      `Use --prefix ${registered}, or leave out --prefix and NGSHARE_PREFIX: the hub tells it.`,
    )
  }
  if (registered !== null) return ok(`${prefix}, as the hub has it`)
  const expected = `${environment.JUPYTERHUB_BASE_URL || '/'}services/${serviceName}/`
  if (prefix === expected) return ok(`${prefix}, as a hub would have it`)
  return warning(
    `${prefix} is not where a hub sends requests for a service of this name, which is ${expected}`,
    `Use --prefix ${expected}, unless a proxy of your own leads to this service.`,
  )
}
