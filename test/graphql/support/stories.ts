import { readdirSync, readFileSync } from 'node:fs'

const folder = new URL('../../../schema/operations/', import.meta.url)

/** The documents of the user stories, under the names of their files. */
export const stories: ReadonlyMap<string, string> = new Map(
  readdirSync(folder)
    .toSorted()
    .map((file) => [file.replace(/\.graphql$/, ''), readFileSync(new URL(file, folder), 'utf8')]),
)

/** The document of a story. */
export function story(name: string): string {
  const text = stories.get(name)
  if (text === undefined) throw new Error(`there is no story ${name}`)
  return text
}
