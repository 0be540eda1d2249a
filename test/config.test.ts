import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig, variables } from '../src/config.ts'

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

const oidc = { OIDC_ISSUER: 'https://idp.example/', OIDC_AUDIENCE: 'jit' }

describe('the configuration', () => {
  it('needs nothing: everything has a default, or is null when it was not set', () => {
    expect(readConfig({ PATH: '/bin' })).toMatchObject({
      PORT: 4000,
      HOST: '127.0.0.1',
      DATA_DIR: '.data',
      DATABASE_URL: null,
      ROLES: ['api', 'enforcer'],
      OIDC_ISSUER: null,
      TRUSTED_PROXIES: [],
      GRAPHQL_INTROSPECTION: true,
      AZURE_CREDENTIAL: null,
    })
  })

  it('takes an empty variable as one that was not set', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: ' ' })).toMatchObject({ PORT: 4000, DATABASE_URL: null })
  })

  it('reads numbers, truths and lists', () => {
    const config = readConfig({
      ...oidc,
      PORT: '0',
      HOST: '::',
      GRAPHQL_INTROSPECTION: 'false',
      ROLES: 'enforcer',
      TRUSTED_PROXIES: '10.0.0.0/8, ::1',
    })
    expect(config).toMatchObject({
      PORT: 0,
      HOST: '::',
      GRAPHQL_INTROSPECTION: false,
      ROLES: ['enforcer'],
      TRUSTED_PROXIES: ['10.0.0.0/8', '::1'],
    })
  })

  it('names every fault at once, with the variable and what it holds', () => {
    const env = {
      PORT: '99999',
      ROLES: 'api,boss',
      TRUSTED_PROXIES: '10.0.0.0/33',
      GRAPHQL_PERSISTED_ONLY: 'true',
      HOST: '0.0.0.0',
    }
    expect(faultsOf(env)).toEqual([
      'PORT must be a whole number from 0 to 65535, but is "99999"',
      'ROLES must be one or more of api, enforcer, but is "api,boss"',
      'TRUSTED_PROXIES must be addresses or CIDRs, separated by commas, but is "10.0.0.0/33"',
      expect.stringContaining('HOST must be a loopback address while OIDC_ISSUER is not set'),
      expect.stringContaining('GRAPHQL_PERSISTED_FILE must be set'),
    ])
  })

  it('refuses a tenant that cannot be one', () => {
    expect(faultsOf({ AZURE_TENANT_ID: 'contoso/../x' })).toEqual([
      'AZURE_TENANT_ID must be the id or a domain of a tenant, but is "contoso/../x"',
    ])
    expect(faultsOf({ AZURE_TENANT_ID: 'contoso.onmicrosoft.com' })).toEqual([])
  })

  it('never shows a secret', () => {
    const env = {
      DATABASE_URL: 'mysql://u:hunter2@db',
      AZURE_CREDENTIAL: 'client-secret',
      AZURE_CLIENT_SECRET: 'hunter2',
    }
    const faults = faultsOf(env)
    expect(faults).toContain('DATABASE_URL must begin with postgres:// or postgresql://')
    expect(faults).toContain('AZURE_TENANT_ID must be set: AZURE_CREDENTIAL is client-secret')
    expect(faults.join()).not.toContain('hunter2')
  })

  it.each(['0.0.0.0', '::', '192.0.2.1', 'gateway.example'])(
    'refuses to serve %s without an identity provider',
    (HOST) => {
      expect(faultsOf({ HOST })).toHaveLength(1)
      expect(faultsOf({ HOST, ...oidc })).toEqual([])
    },
  )

  it.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('serves %s without one', (HOST) => {
    expect(readConfig({ HOST }).HOST).toBe(HOST)
  })

  it('wants an audience beside the issuer, and the issuer over HTTPS unless it is on this machine', () => {
    expect(faultsOf({ OIDC_ISSUER: 'https://idp.example' })).toEqual([
      expect.stringContaining('OIDC_AUDIENCE must be set'),
    ])
    expect(faultsOf({ ...oidc, OIDC_ISSUER: 'http://idp.example' })).toEqual([expect.stringContaining('https://')])
    expect(faultsOf({ ...oidc, OIDC_ISSUER: 'http://127.0.0.1:9000' })).toEqual([])
  })

  it('lower-cases subscription ids and refuses what is none', () => {
    const id = '0B1F6471-1BF0-4DDA-AEC3-111122223333'
    expect(readConfig({ AZURE_SUBSCRIPTIONS: id }).AZURE_SUBSCRIPTIONS).toEqual([id.toLowerCase()])
    expect(faultsOf({ AZURE_SUBSCRIPTIONS: 'prod' })).toHaveLength(1)
  })

  it('takes numbers of AWS accounts, and an external id for a role alone', () => {
    const AWS_CREDENTIAL = 'environment'
    expect(readConfig({ AWS_CREDENTIAL, AWS_ACCOUNTS: '123456789012, 210987654321' }).AWS_ACCOUNTS).toEqual([
      '123456789012',
      '210987654321',
    ])
    expect(faultsOf({ AWS_CREDENTIAL, AWS_ACCOUNTS: '12345' })).toHaveLength(1)
    expect(faultsOf({ AWS_CREDENTIAL, AWS_ROLE_EXTERNAL_ID: 'jit' })).toEqual([
      expect.stringContaining('AWS_ROLE_NAME must be set'),
    ])
    expect(faultsOf({ AWS_CREDENTIAL, AWS_REGIONS: 'eu-west-1,us-gov-west-1' })).toEqual([])
  })

  it('is the table of the README: every variable, in this order, with its default', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const [, table = ''] = /^## Configuration\n(.*?)^## /ms.exec(readme) ?? []
    const rows = [...table.matchAll(/^\| `([A-Z][A-Z_]+)` +\|([^|]*)\|/gm)]
    expect(rows.map(([, name]) => name)).toEqual(Object.keys(variables.shape))
    const defaults = new Map(Object.entries(readConfig({})))
    for (const [, name = '', cell = ''] of rows) {
      const value = defaults.get(name)
      const shown = value === null || (Array.isArray(value) && value.length === 0) ? '' : `\`${String(value)}\``
      expect(`${name} ${cell.trim()}`).toBe(`${name} ${shown}`)
    }
  })
})
