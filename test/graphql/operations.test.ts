import { readFileSync } from 'node:fs'
import { getOperationAST, parse, validate } from 'graphql'
import { expect, test } from 'vitest'
import { schema } from './support/ask.ts'
import { stories } from './support/stories.ts'

test.each([...stories])('%s is one valid operation of that name, with its story on top', (name, text) => {
  const document = parse(text)
  expect(validate(schema, document).map(String)).toEqual([])
  expect(document.definitions).toHaveLength(1)
  const pascal = name.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())
  expect(getOperationAST(document)?.name?.value).toBe(pascal)
  expect(text).toMatch(/^# [A-Z].{20,}[.]\n[a-z]/)
})

test('the stories use every query, verb and subscription there is', () => {
  const types = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
  const all = types.flatMap((type) => Object.keys(type?.getFields() ?? {}))
  const used = new Set([...stories.values()].flatMap(rootFields))
  expect(all.filter((field) => !used.has(field))).toEqual([])
})

function rootFields(text: string): string[] {
  const selections = getOperationAST(parse(text))?.selectionSet.selections ?? []
  return selections.map((one) => (one.kind === 'Field' ? one.name.value : one.kind))
}

test('the README shows every story', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  expect([...stories.keys()].filter((name) => !readme.includes(`\`${name}\``))).toEqual([])
})
