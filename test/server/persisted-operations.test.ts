import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { persistedHash, readPersistedOperations } from '../../src/server/persisted-operations.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jit-gateway-persisted-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function read(content: unknown) {
  const path = join(folder, 'operations.json')
  await writeFile(path, JSON.stringify(content))
  return readPersistedOperations(path)
}

describe('a file of registered documents', () => {
  const hash = createHash('sha256').update('{ hello }').digest('hex')

  it('is documents by the hash of their text', async () => {
    expect([...(await read({ [hash]: '{ hello }' }))]).toEqual([[hash, '{ hello }']])
  })

  it('is refused when a document is not the one its hash says', async () => {
    await expect(read({ [hash]: '{ goodbye }' })).rejects.toThrow(hash)
    await expect(read({ [hash]: 7 })).rejects.toThrow(hash)
    await expect(read([])).rejects.toThrow('one JSON object')
  })
})

describe('a call by hash', () => {
  it('is read from the extensions, in version 1 only', () => {
    expect(persistedHash({ persistedQuery: { version: 1, sha256Hash: 'abc' } })).toBe('abc')
    for (const other of [
      null,
      'abc',
      {},
      { persistedQuery: 'abc' },
      { persistedQuery: { version: 2, sha256Hash: 'abc' } },
    ])
      expect(persistedHash(other)).toBeNull()
  })
})
