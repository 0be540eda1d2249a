import { pgEnum } from 'drizzle-orm/pg-core'
import { actorKinds } from '../../access/words.ts'

export const actorKind = pgEnum('actor_kind', actorKinds)
