/** Whether a token that the hub knows is meant for this service. */
import { NotIdentified } from '../authenticator.ts'
import type { HubUser } from './hub-api.ts'
import type { HubOptions } from './options.ts'

/**
 * Any service that someone logs in to holds a token of theirs, and could act as them here. Such tokens come from a
 * login; those of notebook servers, and those that people make, do not. `auto` tells them apart by that, because the
 * latter have the access scope only where the hub's admin has configured so.
 * @throws NotIdentified `scope-missing`
 */
export function requireAccess(
  user: HubUser,
  options: Pick<HubOptions, 'tokenCheck' | 'accessScopes'>,
  source: 'header' | 'cookie',
): void {
  const { tokenCheck, accessScopes } = options
  if (tokenCheck === 'off' || user.scopes === null) return
  if (user.scopes.some(scope => accessScopes.includes(scope))) return
  const isPersons = source === 'header' && user.sessionId === null
  if (tokenCheck === 'auto' && isPersons) return
  throw new NotIdentified('scope-missing', accessScopes.at(-1) ?? null)
}
