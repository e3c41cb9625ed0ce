/** Roles in courses from groups of the hub, by the patterns of their names. */
import type { Membership, Role } from '../../domain/membership.ts'
import type { HubGroup } from './hub-api.ts'
import type { GroupOptions } from './options.ts'

const placeholder = '{course}'

/** A course at most once: who is in both groups of it teaches. */
export function membershipsOf(groups: readonly string[], options: GroupOptions): Membership[] {
  const roles = new Map<string, Role>()
  for (const role of ['student', 'instructor'] as const) {
    for (const group of groups) {
      const course = courseOf(group, options[role])
      if (course !== null) roles.set(course, role)
    }
  }
  return [...roles].map(([course, role]) => ({ course, role }))
}

/** The memberships of everyone in the groups, by user name. */
export function membershipsByUser(
  groups: readonly HubGroup[],
  options: GroupOptions,
): Map<string, Membership[]> {
  const groupsOf = new Map<string, string[]>()
  for (const { name, users } of groups) {
    if (membershipsOf([name], options).length === 0) continue
    for (const user of users) groupsOf.set(user, [...(groupsOf.get(user) ?? []), name])
  }
  return new Map([...groupsOf].map(([user, names]) => [user, membershipsOf(names, options)]))
}

function courseOf(group: string, pattern: string): string | null {
  const [before = '', after = ''] = pattern.split(placeholder)
  const isMatch =
    group.startsWith(before) && group.endsWith(after) && group.length > before.length + after.length
  return isMatch ? group.slice(before.length, group.length - after.length) : null
}
