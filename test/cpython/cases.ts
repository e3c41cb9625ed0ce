/** What both are asked: each case is a call and its arguments. */
import type { FileCallName } from '../../src/vserver/files/calls.ts'
import type { Arguments } from './cpython.ts'
import { oddNames } from './tree.ts'

export interface Case {
  readonly call: FileCallName
  readonly args: Arguments
}

const long = 'n'.repeat(255)

/** Paths of every kind; most calls get all of them. */
const paths = [
  ...oddNames.map(name => `/odd/${name}`),
  ...oddNames.slice(0, 12).map(name => `/odd folders/${name}`),
  '/', '//', '/.', '/./', '/odd', '/odd/', '/odd//', '/odd/.', '/odd/./', '/odd/../odd', '//odd', '///odd//plain.txt',
  '/odd/plain.txt/', '/odd/plain.txt/.', '/odd/plain.txt/..', '/odd/plain.txt/x', '/odd/missing', '/odd/missing/',
  '/missing/x', '/missing/..', '/odd/missing/../plain.txt', `/${long}n`, `/odd/${long}/x`, `/${'x/'.repeat(2100)}`,
  `/${'./'.repeat(500)}odd`, `/${'odd/../'.repeat(300)}odd/plain.txt`, '/nul\0', '/odd/plain.txt\0', '/nul\0/x',
  '/sizes/empty', '/sizes/1', '/sizes/2', '/sizes/3', '/sizes/56', '/sizes/57', '/sizes/58', '/sizes/114',
  '/sizes/65536', '/sizes/large', '/sizes/empty folder', '/modes/0', '/modes/400', '/modes/200', '/modes/4755',
  '/modes/d0', '/modes/d0/', '/modes/d0/.', '/modes/d0/inside', '/modes/d0/missing', '/modes/d300', '/modes/d300/inside',
  '/modes/d400', '/modes/d400/inside', '/modes/d400/..', '/modes/d500', '/modes/d500/inside', '/modes/d100',
  '/links', '/links/to file', '/links/to file/', '/links/to folder', '/links/to folder/', '/links/to folder/.',
  '/links/to folder/..', '/links/to folder/inside', '/links/to folder/../target', '/links/to folder with slash',
  '/links/to folder with slash/inside', '/links/to file with slash', '/links/to link', '/links/up and down',
  '/links/absolute', '/links/absolute folder', '/links/absolute folder/inside', '/links/dangling', '/links/dangling/',
  '/links/dangling/x', '/links/dangling far', '/links/dangling absolute', '/links/loop', '/links/loop/x',
  '/links/ring a', '/links/through file', '/links/odd', '/links/"\'\n', '/chain/1', '/chain/39', '/chain/40',
  '/chain/41', '/chain/42', '/ancestor/child/up', '/ancestor/child/up/child/up/file',
  `/ancestor/${'child/up/'.repeat(40)}file`, `/ancestor/${'child/up/'.repeat(41)}file`, '/deep', '/deep/er/and/deeper/end',
] // biome-ignore format: a list to look over

const lookingCalls = [
  'read',
  'ls',
  'stat',
  'walk',
  'glob',
  'exists',
  'isdir',
  'isfile',
  'islink',
  'ismount',
] as const

const patterns = [
  '/*', '/*/', '/*/*', '/*/*/', '/*/*/*', '/.*', '/*/.*', '/**', '/**/', '/**/*', '/**/end', '/deep/**/end', '/odd/*',
  '/odd/*/', '/odd/?', '/odd/???', '/odd/[a-m]*', '/odd/[!a-m]*', '/odd/[^a-m]*', '/odd/[]]*', '/odd/[[]*', '/odd/[!]]*',
  '/odd/[[]brackets]', '/odd/[brackets]', '/odd/[[]!a[]]', '/odd/star[*]star', '/odd/star*star', '/odd/question[?]',
  '/odd/question?', '/odd/{a,b}', '/odd/{a,b}*', '/odd/*{*', '/odd/*\\*', '/odd/back\\slash', '/odd/back\\*', '/odd/*\n*',
  '/odd/line?break', '/odd/*😀*', '/odd/emoji-?', '/odd/*\udcff*', '/odd/not-utf8-???', '/odd/Ü*', '/odd/*文*',
  '/odd/.*', '/odd/..*', '/odd/...', '/odd/[.]*', '/odd/?hidden', '/odd/.hidden', '/odd/*.txt', '/odd/*.TXT', '/odd/plain.*',
  '/odd/plain.txt', '/odd/plain.txt/', '/odd/missing', '/odd/missing*', '/odd/plain.txt/*', '/missing/*', '/missing*/x',
  '/odd/', '/odd//', '//odd', '//odd/*', '//*', '///*', '/odd//*', '/odd///*//', '/*//inside', '/odd folders/*/inside',
  '/odd folders/*/./inside', '/odd folders/*/../*', '/odd/../odd/*', '/odd/./*', '/links/*', '/links/*/', '/links/*/inside',
  '/links/*/*', '/links/dangling', '/links/dangling/', '/links/dang*', '/links/loop', '/links/lo*', '/links/loop/*',
  '/links/*/..', '/links/*/../target', '/links/to*/.', '/chain/4*', '/chain/4*/', '/chain/4[0-1]', '/chain/[0-9]',
  '/chain/[!0-3]*', '/chain/[9-0]', '/chain/[!9-0]', '/chain/[0-', '/chain/[', '/chain/[]', '/chain/[!]', '/chain/[0-9',
  '/chain/[-0]', '/chain/[0-]', '/chain/[0-2-4]', '/chain/[--0]', '/chain/[!-0]', '/chain/[3-12]', '/modes/*', '/modes/d*/*',
  '/modes/d*/inside', '/modes/d?00/*', '/modes/d300/*', '/*/*.py', '/*/sub/*', '/*/sub*/*/*', '/*/[s]ub/', '/*x*y*z*',
  `/*${'a*'.repeat(200)}`, `/${'n'.repeat(300)}*`, `/${'*/'.repeat(30)}`, '/nul\0', '/\0*', '/*/\0', '/nul\0/*', '/[\0]',
] // biome-ignore format: a list to look over

export const lookingCases: readonly Case[] = [
  ...lookingCalls.flatMap(call => paths.map(pathname => ({ call, args: { pathname } }))),
  ...patterns.map(pathname => ({ call: 'glob' as const, args: { pathname } })),
  ...lookingCalls.flatMap(call => [
    { call, args: {} },
    { call, args: { pathname: '' } },
    { call, args: { pathname: 'odd' } },
  ]),
]

const contents = [
  '', 'amtsCg==', 'amtsCf==', 'amts', 'amtsCg', 'amtsCg=', 'amtsC', 'amt', 'am', 'a', 'amts\nCg==\n', 'amts Cg==', 'Y\0Q==',
  'YQ=\n=', 'am=', 'YQ=', 'Y=Q=', 'YW=J', 'amtsCg===', 'YWJj====', 'YWJj=', '=YWJj', '=', '==', 'a=', 'a==', 'a===',
  'amtsCg==amtsCg==', 'YWJjZA==x', 'YW=Jj', 'YQ=YQ==', '*', 'é', '-_-_', 'amt*sCg==', 'data:text/plain;base64,YQ==',
] // biome-ignore format: a list to look over

/** Left out of copies: FIFOs and devices, which Python would wait for. */
const sources = [
  '/odd/plain.txt', '/odd/line\nbreak', "/odd/it's", '/odd/not-utf8-\udcff\udce2\udc82', '/sizes/empty', '/sizes/large',
  '/modes/4755', '/modes/400', '/modes/0', '/modes/d0/inside', '/links/to link', '/links/dangling', '/links/loop',
  '/links/to file/', '/missing', '/odd', '/odd/', '/nul\0', `/${long}n`, '/odd/plain.txt/',
] // biome-ignore format: a list to look over
const targets = [
  '/sizes/empty', '/sizes/new', '/sizes', '/sizes/', '/sizes/new/', '/links/to folder', '/links/to file', '/links/dangling',
  '/links/dangling far', '/links/loop', '/missing/new', '/odd/plain.txt', '/odd/plain.txt/x', '/odd', '/modes/400',
  '/modes/d500', '/modes/d500/new', '/', '/sizes/nul\0', `/${long}n`, '/sizes/empty/',
] // biome-ignore format: a list to look over

const treeSources = [
  '/odd', '/odd/', '/sizes', '/clean', '/deep', '/only links', '/links', '/links/to folder', '/links/to folder/', '/chain',
  '/ancestor', '/ancestor/child/up', '/modes', '/modes/d0', '/modes/d300', '/odd/plain.txt', '/links/dangling', '/missing',
  '/odd folders', '/nul\0', `/${long}n`,
] // biome-ignore format: a list to look over
const treeTargets = [
  '/new', '/new/', '/new/er/and/newer', '/new//er', '/new/./er', '/new/.', '/new/../newer', '/sizes', '/sizes/empty',
  '/links/dangling', '/links/dangling/x', '/links/dangling/x/y', '/links/loop/x', '/sizes/empty/x', '/sizes/empty/x/y',
  '/links/to folder/new', '/modes/d500/new', '/nul\0', `/${long}n`, '/deep/er/and/deeper/new',
] // biome-ignore format: a list to look over
const ignores = [
  '[]', '["*.py"]', '["*"]', '["*.txt", "sub"]', '["*.TXT"]', '[".*"]', '["s?b"]', '["[a-b]*"]', '["[!a]*"]', '"ab"', '"*"',
  '""', '{"sub": 1}', '{}', '', ' ', 'x', '[1]', '[null]', '[["a"]]', '[true]', '[1.5]', 'null', '5', '-5', '1.5', 'true',
  '["a"', 'sub', '\n\n  x',
] // biome-ignore format: a list to look over

const modes = [
  '420', '0644', '644', ' 420 ', '4_20', '0o644', '-1', '', ' ', '+420', '--1', '+ 1', '1.0', '0x1ff', '4__20', '_420', '420_',
  '4095', '4096', '65535', '-4096', '2147483647', '-2147483648', '٤٢٠', '４２０', '\u00a0420\u2003', '4 20', '1e3', '0', '-0', '00',
  '𝟒𝟐𝟎', '1'.repeat(4301), `${'0'.repeat(4297)}420`, '²', '½',
] // biome-ignore format: a list to look over

const newPaths = [
  '/new', '/new/', '/new//', '/new/.', '/new/..', '/new/er', '/new/er/', '/new/er/.', '/new/./er', '/new/../er', '/new/er/..',
  '/new/../new/er/../er', '//new', '/odd/new', '/odd/new\n', '/odd/not-utf8-\udcfe', `/odd/${long}`, `/odd/${long}n`,
  `/new/${long}n/x`, '/odd folders/../new/x',
] // biome-ignore format: a list to look over

export const changingCases: readonly Case[] = [
  ...contents.map(content => ({ call: 'write' as const, args: { pathname: '/sizes/57', content } })),
  ...[...paths, ...newPaths].map(pathname => ({
    call: 'write' as const,
    args: { pathname, content: 'bmV3' },
  })),
  { call: 'write', args: { content: 'bmV3' } },
  { call: 'write', args: { pathname: 'x', content: '?' } },
  { call: 'write', args: { pathname: '/missing/x' } },
  { call: 'write', args: { pathname: '/missing/x', content: 'a' } },
  ...[...paths, ...newPaths]
    .filter(pathname => !pathname.includes('\0') && pathname.length < 4000)
    .flatMap(pathname => [
      { call: 'mkdir' as const, args: { pathname } },
      { call: 'mkdir' as const, args: { pathname, parent: '1' } },
    ]),
  ...['0', '', 'true', '11', ' 1'].map(parent => ({
    call: 'mkdir' as const,
    args: { pathname: '/new/er', parent },
  })),
  ...modes.flatMap(mode => [
    { call: 'chmod' as const, args: { pathname: '/odd/plain.txt', mode } },
    { call: 'chmod' as const, args: { pathname: '/missing', mode } },
  ]),
  ...paths.map(pathname => ({ call: 'chmod' as const, args: { pathname, mode: '448' } })),
  ...sources.flatMap(src => targets.map(dst => ({ call: 'copy' as const, args: { src, dst } }))),
  ...(['copy', 'copytree'] as const).flatMap(call => [
    { call, args: { dst: '/new' } },
    { call, args: { src: '/odd' } },
    { call, args: { src: 'odd', dst: '/new' } },
    { call, args: { src: '/odd', dst: 'new' } },
    { call, args: { src: 'odd', dst: 'new' } },
    { call, args: { src: 'odd' } },
  ]),
  ...treeSources.map(src => ({ call: 'copytree' as const, args: { src, dst: '/new' } })),
  ...treeTargets.flatMap(dst =>
    ['/clean', '/missing', '/sizes/empty'].map(src => ({ call: 'copytree' as const, args: { src, dst } })),
  ),
  ...ignores.flatMap(ignore =>
    ['/clean', '/odd/plain.txt'].map(src => ({
      call: 'copytree' as const,
      args: { src, dst: '/new', ignore },
    })),
  ),
  {
    call: 'copytree',
    args: { src: '/odd', dst: '/new', ignore: JSON.stringify(['*[*', '*\n*', '*\udcff*', '.?*']) },
  },
  { call: 'copytree', args: { src: '/clean', dst: '/clean/new' } },
  // Emptying the root is refused before it begins: test/vserver-files.
  ...[...paths, ...newPaths]
    .filter(pathname => !/^[/.]*$/.test(pathname) && !/^\/[^/]+\/\.\.\/*$/.test(pathname))
    .map(pathname => ({ call: 'rmtree' as const, args: { pathname } })),
  ...[
    '/clean',
    '/deep/er/',
    '/odd folders',
    '/sizes',
    '/modes',
    '/links',
    '/chain',
    '/ancestor',
    '/only links',
    '/deep/er/and/..',
  ].map(pathname => ({ call: 'rmtree' as const, args: { pathname } })),
]
