import { median } from '../support/median.ts'
import { titleOf, type Contestant } from './contestant.ts'
import { documentNames, type DocumentName } from './documents.ts'
import type { Shot } from './rounds.ts'
import type { Figures } from './shot.ts'

const rounded = (value: number | null, digits: number) => (value === null ? null : Number(value.toFixed(digits)))

/** The figures of the gateway, a line a document and way of asking: medians over rounds, of ratios within a round. */
export function documentFigures(rounds: readonly (readonly Shot[])[]): readonly object[] {
  const ways = (rounds[0] ?? []).filter(({ contestant }) => contestant.name === 'product')
  return ways
    .toSorted((left, right) => documentNames.indexOf(left.document) - documentNames.indexOf(right.document))
    .map(({ document, contestant: { registered } }) => {
      const own = rounds.map((shots) => shotOf(shots, document, 'product', registered))
      const figure = (name: keyof Figures) => median(own.map((shot) => shot?.figures[name] ?? Number.NaN))
      const versus = (other: Contestant['name']) => {
        const ratios = rounds.flatMap((shots, round) => {
          const theirs = shotOf(shots, document, other, false)?.figures
          const ours = own[round]?.figures
          return theirs === undefined || ours === undefined ? [] : [ours.requestsPerSecond / theirs.requestsPerSecond]
        })
        return ratios.length === 0 ? null : median(ratios)
      }
      const p99Ratios = own.flatMap((shot) => {
        const small = shot?.small ?? null
        return shot === undefined || small === null ? [] : [shot.figures.p99Ms / small.p99Ms]
      })
      const limitP99s = rounds.flatMap((shots, round) => {
        const theirs = shotOf(shots, document, 'limit', false)?.figures
        return theirs === undefined ? [] : [(own[round]?.figures.p99Ms ?? Number.NaN) / theirs.p99Ms]
      })
      return {
        name: document,
        requestsPerSecond: rounded(figure('requestsPerSecond'), 1),
        p50Ms: rounded(figure('p50Ms'), 2),
        p99Ms: rounded(figure('p99Ms'), 2),
        registered,
        cpuUs: rounded(figure('serverUs'), 0),
        vsLimit: rounded(versus('limit'), 3),
        vsPostgraphile: rounded(versus('postgraphile'), 3),
        vsMercurius: rounded(versus('mercurius'), 3),
        vsApollo: rounded(versus('apollo'), 3),
        p99VsLimit: rounded(median(limitP99s), 2),
        p99VsSmall: p99Ratios.length === 0 ? null : rounded(median(p99Ratios), 2),
      }
    })
}

/** Everybody's figures, for a person: medians over rounds. */
export function table(rounds: readonly (readonly Shot[])[]): string {
  const first = rounds[0] ?? []
  const asked = documentNames.filter((name) => first.some(({ document }) => document === name))
  const lines = asked.flatMap((document) => [
    `${document}:`,
    ...first
      .filter((shot) => shot.document === document)
      .map(({ contestant: { name, registered } }) => {
        const all = rounds.flatMap((shots) => shotOf(shots, document, name, registered) ?? [])
        const small = all.flatMap((shot) => shot.small ?? [])
        return (
          line(
            titleOf(all[0]?.contestant as Contestant),
            all.map(({ figures }) => figures),
          ) + (small.length === 0 ? '' : `\n${line('  small estate', small)}`)
        )
      }),
  ])
  return lines.join('\n')
}

function line(title: string, figures: readonly Figures[]): string {
  const of = (name: keyof Figures, digits: number) => median(figures.map((one) => one[name])).toFixed(digits)
  return [
    `  ${title.padEnd(20)}`,
    `${of('requestsPerSecond', 0).padStart(6)} requests/s,`,
    `p50 ${of('p50Ms', 1).padStart(6)} ms, p99 ${of('p99Ms', 1).padStart(6)} ms,`,
    `CPU us a request: server ${of('serverUs', 0).padStart(5)}, Postgres ${of('postgresUs', 0).padStart(5)},`,
    `load ${of('loadUs', 0).padStart(3)}`,
  ].join(' ')
}

function shotOf(shots: readonly Shot[], document: DocumentName, name: Contestant['name'], registered: boolean) {
  return shots.find(
    (shot) => shot.document === document && shot.contestant.name === name && shot.contestant.registered === registered,
  )
}
