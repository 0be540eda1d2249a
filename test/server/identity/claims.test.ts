import { describe, expect, it } from 'vitest'
import { principalOf } from '../../../src/server/identity/claims.ts'

const names = { groups: 'groups', roles: 'roles' }
const of = (claims: object) => principalOf({ iss: 'https://idp.example', sub: 'subject', exp: 2, ...claims }, names)
const entra = { iss: 'https://login.microsoftonline.com/0b0e/v2.0', oid: 'object' }

describe('the principal of a token', () => {
  it('is its subject, and for Microsoft Entra ID its object id, to which roles are assigned', () => {
    expect(of({})?.actor.id).toBe('subject')
    expect(of({ oid: 'object' })?.actor.id).toBe('subject')
    expect(of(entra)?.actor.id).toBe('object')
    expect(of({ ...entra, iss: 'https://login.microsoftonline.com.evil.example/' })?.actor.id).toBe('subject')
  })

  it('is a person unless the token says that a program asked for itself', () => {
    const kind = (claims: object) => of(claims)?.actor.kind
    expect(kind({})).toBe('PERSON')
    expect(kind({ azp: 'some-app', scp: 'jit' })).toBe('PERSON')
    expect(kind({ client_id: 'subject' })).toBe('PROGRAM')
    expect(kind({ azp: 'subject' })).toBe('PROGRAM')
    expect(kind({ ...entra, idtyp: 'app' })).toBe('PROGRAM')
    expect(kind({ ...entra, sub: 'object' })).toBe('PROGRAM')
    expect(kind({ ...entra, sub: 'object', idtyp: 'user' })).toBe('PERSON')
    expect(kind({ ...entra, sub: 'object', scp: 'jit' })).toBe('PERSON')
  })

  it('has the name a person reads, or its id when none is given', () => {
    expect(of({ preferred_username: 'ada@example.org' })?.actor.name).toBe('ada@example.org')
    expect(of({ name: 'Ada', email: 'ada@example.org' })?.actor.name).toBe('Ada')
    expect(of({})?.actor.name).toBe('subject')
  })

  it('has the groups and roles of the claims configured, and nothing of another shape', () => {
    expect(of({ groups: ['a', 'b'], roles: 'Admin' })).toMatchObject({ groups: ['a', 'b'], appRoles: ['Admin'] })
    expect(of({ groups: [1, null, '', 'a'], roles: { Admin: true } })).toMatchObject({ groups: ['a'], appRoles: [] })
    expect(
      principalOf({ sub: 's', exp: 2, teams: ['a'], groups: ['b'] }, { groups: 'teams', roles: 'r' })?.groups,
    ).toEqual(['a'])
  })

  it('is nobody without a subject or an end', () => {
    expect(of({ sub: '' })).toBeNull()
    expect(of({ exp: undefined })).toBeNull()
  })
})
