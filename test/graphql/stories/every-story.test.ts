import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { stories } from '../support/stories.ts'

/** The folder where stories are told, and files that tell some beside their own matter. */
const folder = new URL('./', import.meta.url)
const elsewhere = ['../access-evaluation.test.ts', '../../gateway/policy-templates.test.ts']

test('every story is told by a test', () => {
  const here = readdirSync(folder).filter((file) => file.endsWith('.test.ts'))
  const texts = [...here, ...elsewhere].map((file) => readFileSync(new URL(file, folder), 'utf8'))
  const told = texts.flatMap((text) =>
    [...text.matchAll(/\b(?:tell|story)\('([-a-z]+)'/g)].map(([, name = '']) => name),
  )
  expect([...new Set(told)].toSorted()).toEqual([...stories.keys()].toSorted())
})
