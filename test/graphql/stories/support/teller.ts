import { beforeAll } from 'vitest'
import { enableJit } from '../../../../src/commands/enable-jit.ts'
import { requestAccess } from '../../../../src/commands/request-access.ts'
import { globalId } from '../../../../src/graphql/global-id.ts'
import { useDatabase } from '../../../support/database.ts'
import { ask } from '../../support/ask.ts'
import { person } from '../../support/context.ts'
import { machineKey, writeSmallEstate } from '../../support/small-estate.ts'
import { story } from '../../support/stories.ts'

export const admin = person('ada', 'POLICY_ADMIN')
export const requester = person('rob', 'REQUESTER')

/** Has the small estate with the machines `web-0` to `web-24` for the stories of a test file to be told of. */
export function useTeller() {
  const database = useDatabase()
  beforeAll(() =>
    writeSmallEstate(
      database.store,
      Array.from({ length: 25 }, (_, index) => `web-${String(index)}`),
    ),
  )
  return {
    database,
    /** Runs the document of a story, as the policy admin unless told. Fails when it answers errors. */
    tell: (name: string, variables: object = {}, viewer = admin) =>
      ask<any>(database.store, viewer, story(name), variables),
    /** Enables JIT on a machine and asks, as the requester, for its SSH port: the global ids of what came of it. */
    grantTo: async (name: string) => {
      const { store } = database
      const enabled = await enableJit({ store, viewer: admin }, { vmIds: [machineKey(name)] })
      const targets = [{ vmId: machineKey(name), ports: [{ port: 22 }] }]
      const asked = await requestAccess({ store, viewer: requester }, { targets, durationSeconds: 600 })
      return {
        policy: globalId('Policy', enabled.results[0]?.policyId ?? ''),
        request: globalId('Request', asked.requestId ?? ''),
        grant: globalId('Grant', asked.grantIds[0] ?? ''),
      }
    },
  }
}
