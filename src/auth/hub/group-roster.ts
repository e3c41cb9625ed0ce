/** Reads the members of the hub's groups now and then, so that rosters show people before they come. */
import type { Membership } from '../../domain/membership.ts'
import { membershipsByUser } from './groups.ts'
import type { HubApi } from './hub-api.ts'
import type { GroupOptions } from './options.ts'

export interface GroupRoster {
  /**
   * `apply` is given everyone's memberships, by user name: who is not named has none. Takes until the hub answers, or is
   * closed. @throws what `apply` throws, Trouble `hub`
   */
  read(apply: (memberships: ReadonlyMap<string, readonly Membership[]>) => Promise<void>): Promise<void>
}

interface Log {
  info(facts: object, message: string): void
}

export function groupRoster(parts: { hub: HubApi; groups: GroupOptions; logger: Log }): GroupRoster {
  const { hub, groups, logger } = parts
  let isForbidden = false
  return {
    async read(apply) {
      const found = await hub.groups()
      if (found === null && !isForbidden) logger.info({}, forbidden)
      isForbidden = found === null
      if (found !== null) await apply(membershipsByUser(found, groups))
    },
  }
}

const forbidden =
  'the hub does not let this service see its groups: rosters show members of groups from their first visit on. To show them at once, give the service the scopes list:groups and read:groups'
