import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { imports, root, sources } from './support/imports.ts'

/**
 * The rooms and the rooms each may import. `log` may be imported by all. `config` is src/config.ts; `main` is every
 * other file that lies in src itself: it wires the rooms together, and may import them all.
 */
const arrows: Record<string, readonly string[]> = {
  time: [],
  log: [],
  access: ['time'],
  firewall: ['access', 'time'],
  cloud: ['access', 'firewall'],
  'cloud/aws': ['access', 'cloud', 'firewall', 'time'],
  'cloud/azure': ['access', 'cloud', 'firewall', 'time'],
  'cloud/simulator': ['access', 'cloud', 'firewall', 'time'],
  // Of the firewall, the types of rules and of what they leave open.
  store: ['access', 'firewall', 'time'],
  'store/embedded': [],
  activity: ['access', 'store', 'time'],
  commands: ['access', 'store', 'time'],
  inventory: ['access', 'cloud', 'firewall', 'store', 'time'],
  sweeper: ['cloud', 'firewall', 'time'],
  enforcer: ['access', 'cloud', 'firewall', 'store', 'time'],
  graphql: ['access', 'activity', 'commands', 'store', 'time'],
  // Of what lies below the API, what it puts into the API's context.
  server: ['access', 'activity', 'config', 'graphql', 'store', 'time'],
  config: ['access'],
}

/** Rooms that decide and do nothing else: the same answer for the same question, anywhere. */
const pure = ['access', 'firewall']

/** What of Node computes and does nothing else: how it compares values, and its hash, taken there alone. */
const computes = ['access/same.ts imports node:util', 'firewall/opening.ts imports node:crypto']

/** What only src/run.ts and its neighbour src/open-cloud.ts may choose. */
const adapters = ['cloud/aws', 'cloud/azure', 'cloud/simulator', 'store/embedded']

/** The room that owns each outside package, with the rooms within it; what others need of it they import from there. */
const owners: Record<string, readonly string[]> = {
  '@aws-sdk/client-ec2': ['cloud/aws'],
  '@aws-sdk/credential-providers': ['cloud/aws'],
  '@azure/arm-network': ['cloud/azure'],
  '@azure/identity': ['cloud/azure'],
  '@graphql-yoga/plugin-csrf-prevention': ['server'],
  '@graphql-yoga/plugin-persisted-operations': ['server'],
  '@peculiar/x509': ['cloud/simulator'],
  '@pothos/core': ['graphql'],
  '@pothos/plugin-complexity': ['graphql'],
  'drizzle-orm': ['store'],
  // The language itself: the schema is written in it, and the transports read it.
  graphql: ['graphql', 'server'],
  'graphql-scalars': ['graphql'],
  'graphql-ws': ['server'],
  'graphql-yoga': ['server'],
  'ipaddr.js': ['access'],
  jose: ['server'],
  pg: ['store'],
  pino: ['log'],
  'reflect-metadata': ['cloud/simulator'],
  ws: ['server'],
  zod: ['config'],
}

const MOST_LINES = 200

/** The room of a file: the longest of the table's names that its path begins with. */
const roomOf = (file: string) => {
  if (!file.includes('/')) return file === 'config.ts' ? 'config' : 'main'
  const [room = '', part = ''] = file.split('/')
  return `${room}/${part}` in arrows ? `${room}/${part}` : room
}

const owns = (rooms: readonly string[], room: string) =>
  rooms.some((owner) => room === owner || room.startsWith(`${owner}/`))

const found = imports()
const between = found.filter(({ file, target, kind }) => kind === 'own' && roomOf(file) !== roomOf(target))

describe('the rooms of src', () => {
  it('are those of the table', () => {
    const rooms = new Set(sources().map(({ file }) => roomOf(file)))
    rooms.delete('main')
    expect([...rooms].filter((room) => !(room in arrows))).toEqual([])
  })

  it('import each other along the arrows of the table only', () => {
    const against = between.filter(({ file, target }) => {
      const [from, to] = [roomOf(file), roomOf(target)]
      return from !== 'main' && to !== 'log' && !arrows[from]?.includes(to)
    })
    expect(against.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
  })

  it('are not imported in a circle', () => {
    const next = new Map<string, Set<string>>()
    for (const { file, target } of between)
      next.set(roomOf(file), (next.get(roomOf(file)) ?? new Set()).add(roomOf(target)))
    const circles = new Set<string>()
    const walk = (path: readonly string[]) => {
      for (const room of next.get(path.at(-1) ?? '') ?? [])
        if (path.includes(room)) circles.add([...path.slice(path.indexOf(room)), room].join(' -> '))
        else walk([...path, room])
    }
    for (const room of next.keys()) walk([room])
    expect([...circles]).toEqual([])
  })

  it('know no adapter but in the files that wire them', () => {
    const knowing = between.filter(
      ({ file, target }) =>
        adapters.includes(roomOf(target)) && !['run.ts', 'open-cloud.ts', 'open-simulated-clouds.ts'].includes(file),
    )
    expect(knowing.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
  })

  it('do nothing but decide, where they are pure', () => {
    const impure = found.filter(({ file, kind }) => pure.includes(roomOf(file)) && kind === 'node')
    expect(impure.map(({ file, target }) => `${file} imports ${target}`)).toEqual(computes)
  })

  it('leave the environment to src/main.ts and src/config.ts', () => {
    const readers = sources().filter(({ file, text }) => file.includes('/') && text.includes('process.env'))
    expect(readers.map(({ file }) => file)).toEqual([])
  })

  it('are named in the map of the README, each once and no other', () => {
    const readme = join(root, 'README.md')
    if (!existsSync(readme)) return
    const [, map = ''] =
      /^#+ [^\n]*map of rooms[^\n]*\n(.*?)(?=^#+ |$(?![\s\S]))/ims.exec(readFileSync(readme, 'utf8')) ?? []
    const named = [...map.matchAll(/^[\s|`*-]*(?:src\/)?([a-z]+)\/(?=[\s`|]|$)/gm)].map(([, name]) => name ?? '')
    const inside = named.filter((name) => name !== 'src' && !existsSync(join(root, name)))
    const rooms = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    expect(inside.toSorted()).toEqual(rooms.map(({ name }) => name).toSorted())
  })
})

describe('the outside packages', () => {
  const packages = found.filter(({ kind }) => kind === 'package')

  it('are each imported by the room that owns it', () => {
    const strangers = packages.filter(({ file, target }) => !owns(owners[target] ?? [], roomOf(file)))
    expect(strangers.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
  })

  it('are those that package.json depends on, each needed', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object }
    expect(Object.keys(owners).toSorted()).toEqual(Object.keys(dependencies).toSorted())
    const used = new Set(packages.map(({ target }) => target))
    expect(Object.keys(owners).filter((name) => !used.has(name))).toEqual([])
  })
})

describe('a source file', () => {
  it(`has at most ${MOST_LINES} lines`, () => {
    const long = sources().filter(({ text }) => text.split('\n').length - 1 > MOST_LINES)
    expect(long.map(({ file }) => file)).toEqual([])
  })
})
