/** Parameters of a call by the EC2 query protocol: `Filter.1.Name`, `Filter.1.Value.2` and so on. */
export interface Query {
  /** A single value; null when it was not given. */
  text(name: string): string | null
  /** The values of `name.1`, `name.2` and so on, in order. */
  texts(name: string): string[]
  /** The structures at `name.1`, `name.2` and so on, in order. */
  parts(name: string): Query[]
  /** The structure at `name`. */
  part(name: string): Query
}

/** Reads a form as it is posted. */
export function readQuery(body: string): Query {
  return queryOf([...new URLSearchParams(body)])
}

function queryOf(entries: readonly (readonly [string, string])[]): Query {
  const values = new Map(entries)
  const below = (prefix: string) =>
    queryOf(entries.flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [])))
  const numbersIn = (name: string) => {
    const found = entries.flatMap(([path]) => {
      const number = path.startsWith(`${name}.`) ? path.slice(name.length + 1).split('.')[0] : undefined
      return number !== undefined && /^\d+$/.test(number) ? [Number(number)] : []
    })
    return [...new Set(found)].toSorted((left, right) => left - right)
  }
  return {
    text: (name) => values.get(name) ?? null,
    texts: (name) => numbersIn(name).flatMap((number) => values.get(`${name}.${String(number)}`) ?? []),
    parts: (name) => numbersIn(name).map((number) => below(`${name}.${String(number)}.`)),
    part: (name) => below(`${name}.`),
  }
}
