import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readExamples } from '../../src/server/examples.ts'

it('shows the documents of a folder by name, with the variables that must be given left to fill in', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jit-gateway-examples-'))
  const second = 'query Vm($id: ID!, $first: Int, $size: Int! = 5) { vm(id: $id) { name } }'
  await writeFile(join(folder, 'b.graphql'), second)
  await writeFile(join(folder, 'a.graphql'), '{ viewer }')
  await writeFile(join(folder, 'README.md'), 'no document')
  expect(await readExamples(folder)).toEqual([
    { document: '{ viewer }', variables: '{}' },
    { document: second, variables: '{\n  "id": null\n}' },
  ])
  await rm(folder, { recursive: true })
})
