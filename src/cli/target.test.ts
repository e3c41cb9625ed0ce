import { describe, expect, it } from 'vitest'
import { WrongUse } from '../terminal/failure.ts'
import { findTarget, type TargetOptions } from './target.ts'

const saved = 'https://saved.example/services/ngshare/'
const logins = { current: saved, servers: { [saved]: { token: 'saved-token' } } }
const nobody = { current: null, servers: {} }
const notebook = { JUPYTERHUB_API_TOKEN: 'notebook-token', JUPYTERHUB_API_URL: 'http://hub:8081/hub/api' }

const find = (options: TargetOptions, environment: Record<string, string> = {}, known = nobody) =>
  findTarget({ options, environment, logins: known })

describe('the server', () => {
  const token = { NGSHARE_TOKEN: 'some-token' }

  it('is the one that the command was told, then that of the variable, then the hub, then the last login', () => {
    const all = {
      ...token,
      ...notebook,
      NGSHARE_URL: 'https://variable.example/',
      PROXY_PUBLIC_SERVICE_HOST: 'proxy',
    }
    const { NGSHARE_URL: _, ...withoutVariable } = all
    const urls = [
      findTarget({ options: { url: 'https://option.example/' }, environment: all, logins }),
      findTarget({ options: {}, environment: all, logins }),
      findTarget({ options: {}, environment: withoutVariable, logins }),
      findTarget({ options: {}, environment: token, logins }),
    ].map(({ url }) => url)
    expect(urls).toEqual([
      'https://option.example/',
      'https://variable.example/',
      'http://proxy:80/services/ngshare/',
      saved,
    ])
  })

  it.each([
    [
      { PROXY_PUBLIC_SERVICE_HOST: '10.0.0.7', PROXY_PUBLIC_SERVICE_PORT: '8080' },
      'http://10.0.0.7:8080/services/ngshare/',
    ],
    [{ JUPYTERHUB_PUBLIC_HUB_URL: 'https://hub.example/hub/' }, 'https://hub.example/services/ngshare/'],
    [
      { JUPYTERHUB_PUBLIC_HUB_URL: 'https://hub.example/jupyter/hub/', JUPYTERHUB_BASE_URL: '/jupyter/' },
      'https://hub.example/jupyter/services/ngshare/',
    ],
    [{ JUPYTERHUB_API_URL: 'http://127.0.0.1:8081/hub/api' }, 'http://127.0.0.1:10101/services/ngshare/'],
  ])('of a notebook server with %j is at %s', (environment, url) => {
    expect(find({}, { ...notebook, ...environment }).url).toBe(url)
  })

  it('is the same however its address is written', () => {
    for (const url of ['https://h.example/x', 'https://H.example:443/x/', 'https://h.example/x?a=b#c'])
      expect(find({ url }, token).url).toBe('https://h.example/x/')
  })

  it.each(['nonsense', 'ftp://h.example/', 'https://ann:secret@h.example/', ''])('is not %j', url => {
    expect(() => find({ url }, token)).toThrow('--url: expected an address such as')
  })

  it('must be known', () => {
    expect(() => find({}, token)).toThrow(WrongUse)
  })
})

describe('who one is', () => {
  const url = saved

  it('is what the command was told, then what the variables say, then the saved login', () => {
    const variables = { NGSHARE_TOKEN: 'variable-token', NGSHARE_USER: 'ann' }
    const as = (options: TargetOptions, environment: Record<string, string>) =>
      findTarget({ options: { url, ...options }, environment, logins }).access
    expect(as({ user: 'kevin' }, variables)).toEqual({ kind: 'user', name: 'kevin', from: '--user' })
    expect(as({}, variables)).toMatchObject({ token: 'variable-token', from: 'NGSHARE_TOKEN' })
    expect(as({}, { NGSHARE_USER: 'ann' })).toMatchObject({ kind: 'user', name: 'ann' })
    expect(as({}, {})).toEqual({ kind: 'token', token: 'saved-token', from: 'saved login' })
  })

  it('is the person of the notebook for the server that its environment names, and for no other', () => {
    const environment = { ...notebook, NGSHARE_URL: 'https://hub.example/services/ngshare' }
    expect(find({}, environment).access).toMatchObject({ token: 'notebook-token' })
    expect(find({ url: 'https://hub.example/services/ngshare/' }, environment).access).toMatchObject({
      token: 'notebook-token',
    })
    expect(() => find({ url: 'https://elsewhere.example/' }, environment)).toThrow('no token for')
    expect(find({ url }, environment, logins as never).access).toMatchObject({ token: 'saved-token' })
  })

  it('cannot be said twice', () => {
    expect(() => find({ url, user: 'ann', tokenFile: 'file' })).toThrow(
      '--user is for servers without tokens',
    )
  })

  it('is not told by what cannot be a token, of which nothing is shown', () => {
    for (const token of ['short', 'two words in it', 'línea-with-accent'])
      expect(() => find({ url }, { NGSHARE_TOKEN: token })).toThrow(/^that is no token: one line/)
  })
})
