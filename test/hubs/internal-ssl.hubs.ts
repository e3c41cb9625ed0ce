/** A hub whose parts talk to each other over TLS, each with a certificate of its own. */
import { request } from 'node:https'
import { describe, expect, test } from 'vitest'
import { version } from './hub/hub.ts'
import { clientAt } from './hub/ngshare.ts'
import { aWorld, keepsItsLogClean } from './hub/world.ts'

describe(`JupyterHub ${version} with internal TLS starts ngshare`, () => {
  const world = aWorld({ ngshare: 'managed', people: 'may use ngshare', internalSsl: true })

  test('a notebook server uses it with its own token', async () => {
    const token = await world().hub.notebookTokenOf('bob')
    expect((await world().with(token).get('courses')).json).toEqual({ success: true, courses: [] })
  })

  test('people log in and see the page that they asked for', async () => {
    const address = world().page('courses?tls=internal')
    const page = await world().browserOf('bob').open(address)
    expect({ status: page.status, url: page.url.href }).toEqual({ status: 200, url: address })
  })

  test('it hears nobody without TLS, and nobody without a certificate of the hub', async () => {
    const { token } = await world().hub.apiTokenOf('bob')
    await expect(clientAt(world().port, world().prefix, token).get('courses')).rejects.toThrow()
    const stranger = new Promise((resolve, reject) => {
      const { port, prefix: path } = world()
      request({ host: '127.0.0.1', port, path, rejectUnauthorized: false }, resolve).on('error', reject).end()
    })
    await expect(stranger).rejects.toThrow()
  })

  keepsItsLogClean(world)
})
