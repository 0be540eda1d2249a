import { titleOf, type Contestant } from './contestant.ts'
import type { DocumentName } from './documents.ts'
import type { QuerySettings } from './settings.ts'
import { shoot, type Figures } from './shot.ts'
import type { Stage } from './stage.ts'

/** What one way of asking showed in a round; `small` is the same over the small estate, null without one. */
export interface Shot {
  readonly contestant: Contestant
  readonly document: DocumentName
  readonly figures: Figures
  readonly small: Figures | null
}

/** One round: every document, asked of every server in turn. */
export async function playRound(
  settings: QuerySettings,
  stage: Stage,
  small: Stage | null,
  round: number,
): Promise<readonly Shot[]> {
  const shots: Shot[] = []
  const first = round % stage.contestants.length
  // Each in turn is the first, so that none always has the machine as another left it.
  const inTurn = [...stage.contestants.slice(first), ...stage.contestants.slice(0, first)]
  for (const document of settings.documents)
    for (const contestant of inTurn) {
      const twin = small?.contestants.find((other) => titleOf(other) === titleOf(contestant))
      const figures = await shootAt(settings, stage, contestant, document)
      const twins = small === null || twin === undefined ? null : await shootAt(settings, small, twin, document)
      shots.push({ contestant, document, figures, small: twins })
    }
  return shots
}

function shootAt(
  settings: QuerySettings,
  { places, lengths, postmaster }: Stage,
  contestant: Contestant,
  document: DocumentName,
): Promise<Figures> {
  const calls = places[document].map((place) => contestant.call(document, place))
  return shoot(contestant, calls, lengths.get(contestant)?.[document] ?? [], { ...settings, postmaster })
}
