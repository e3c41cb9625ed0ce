/** Reads the members of the hub's groups now and then, so that rosters show people before they come. */
import type { Membership } from '../../domain/membership.ts'
import { membershipsByUser } from './groups.ts'
import type { HubApi } from './hub-api.ts'
import type { GroupOptions } from './options.ts'

export interface GroupRoster {
  /** Resolves when nothing is under way any more, which takes until the hub answers, or is closed. */
  stop(): Promise<void>
}

interface Log {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
}

/** `apply` is given everyone's memberships, by user name: who is not named has none. */
export function startGroupRoster(parts: {
  hub: HubApi
  groups: GroupOptions
  apply: (memberships: ReadonlyMap<string, readonly Membership[]>) => Promise<void>
  logger: Log
}): GroupRoster {
  const { hub, groups, apply, logger } = parts
  let isForbidden = false
  let isStopped = false
  let underWay: Promise<void> | null = null

  async function sync(): Promise<void> {
    try {
      const found = await hub.groups()
      if (found === null && !isForbidden) logger.info({}, forbidden)
      isForbidden = found === null
      if (found !== null) await apply(membershipsByUser(found, groups))
    } catch (error) {
      if (!isStopped)
        logger.warn({ err: error }, 'the members of the hub groups could not be read; trying again later')
    } finally {
      underWay = null
    }
  }
  const start = () => {
    underWay ??= sync()
  }

  if (groups.syncMs === 0) return { stop: async () => undefined }
  const timer = setInterval(start, groups.syncMs)
  timer.unref()
  start()
  return {
    async stop() {
      isStopped = true
      clearInterval(timer)
      await underWay
    },
  }
}

const forbidden =
  'the hub does not let this service see its groups: rosters show members of groups from their first visit on. To show them at once, give the service the scopes list:groups and read:groups'
