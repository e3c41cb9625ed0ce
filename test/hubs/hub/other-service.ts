/** Another OAuth service of the hub, to which people log in as well. It needs no page of its own to get their tokens. */
import { randomBytes } from 'node:crypto'
import { Agent } from 'node:http'
import { ask } from '../../support/client.ts'
import type { ServiceSpec } from './hub.ts'
import type { World } from './world.ts'

const name = 'other'
const callback = 'http://other.example/oauth_callback'
const secret = randomBytes(32).toString('hex')

export const scopeOfOtherService = `access:services!service=${name}`

export const otherService: ServiceSpec = {
  name,
  api_token: secret,
  oauth_redirect_uri: callback,
  oauth_no_confirm: true,
}

/** The token that the other service holds after this person has logged in there. */
export async function tokenAtOtherService(world: World, person: string): Promise<string> {
  const asked = {
    client_id: `service-${name}`,
    redirect_uri: callback,
    response_type: 'code',
    state: 'state of the other service',
  }
  const { url } = await world
    .browserOf(person)
    .open(`${world.hub.page('api/oauth2/authorize')}?${new URLSearchParams(asked)}`)
  const code = url.searchParams.get('code')
  if (code === null) throw new Error(`no code for the other service, but ${url}`)
  const api = new URL(world.hub.apiUrl)
  const server = { port: Number(api.port), prefix: '', agent: new Agent() }
  const answer = await ask(server, 'POST', `${api.pathname}/oauth2/token`, {
    fields: {
      grant_type: 'authorization_code',
      client_id: asked.client_id,
      client_secret: secret,
      redirect_uri: callback,
      code,
    },
  })
  if (answer.status !== 200) throw new Error(`no token for the other service: ${answer.text}`)
  return world.secrets.keep(`token of ${person} at the other service`, String(answer.json.access_token))
}
