import { globalId } from '../../../src/graphql/global-id.ts'
import { formatDuration } from '../../../src/time/duration.ts'
import type { DocumentName } from './documents.ts'
import type { Json } from './shape.ts'

const instant = (text: string | null) => (text === null ? null : new Date(text).toISOString())

const kind = (name: string) => name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toUpperCase()

const grant = ({ rowId, endsAt, requesterName, ...rest }: Json) => ({
  ...rest,
  id: globalId('Grant', rowId),
  endsAt: instant(endsAt),
  requester: { name: requesterName },
})

const port = ({ maximumDurationSeconds, ...rest }: Json) => ({
  ...rest,
  maximumDuration: formatDuration(maximumDurationSeconds),
})

const machine = ({ rowId, policyByVmId: policy, grantsByVmIdList: grants, ...rest }: Json) => ({
  ...rest,
  id: globalId('VirtualMachine', rowId),
  policy:
    policy === null
      ? null
      : {
          id: globalId('Policy', policy.rowId),
          version: policy.version,
          ports: policy.policyPortsByPolicyIdList.map(port),
        },
  grants: { nodes: grants.map(grant) },
})

const fact = (row: Json) => ({
  kind: kind(row.kind),
  at: instant(row.at),
  actor: { kind: row.actorKind, name: row.actorName },
  ...(row.kind === 'AccessRequested' ? requestFact(row.detail) : grantFact(row.detail)),
})

const requestFact = (detail: Json) => ({
  __typename: 'RequestActivity',
  justification: detail.justification,
  grantCount: detail.grants,
})

const grantFact = ({ state, port: number, protocol, sources, endsAt, endReason }: Json) => {
  return { __typename: 'GrantActivity', state, port: number, protocol, sources, endsAt, endReason }
}

/** What PostGraphile answers, in the shape of the gateway's schema. */
export function ofPostgraphile(name: DocumentName, data: Json): Json {
  switch (name) {
    case 'virtual-machine-page': {
      const { pageInfo, nodes } = data.allVirtualMachines
      return { virtualMachines: { pageInfo, nodes: nodes.map(machine) } }
    }
    case 'virtual-machine-activity': {
      const { rowId, activitiesByVmIdList: facts, ...rest } = data.virtualMachineByRowId
      const id = globalId('VirtualMachine', rowId)
      return { virtualMachine: { ...rest, id, activity: { nodes: facts.map(fact) } } }
    }
    case 'grant-page': {
      const { pageInfo, nodes } = data.allGrants
      const row = ({ virtualMachineByVmId: vm, requestedAt, ...rest }: Json) => ({
        ...grant(rest),
        requestedAt: instant(requestedAt),
        virtualMachine: vm === null ? null : { id: globalId('VirtualMachine', vm.rowId), name: vm.name },
      })
      return { grants: { pageInfo, nodes: nodes.map(row) } }
    }
    case 'jit-status-counts':
      return { account: data.accountByRowId }
  }
}
