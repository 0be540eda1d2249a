import type { Credentials } from './credentials.ts'
import { Ec2Fault } from './fault.ts'
import type { Query } from './wire/query.ts'
import { writeXml } from './wire/xml.ts'
import type { Ec2World } from './world.ts'

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/'

/** Answers a call to AWS's token service: it makes sessions in a role of an account that there is. */
export function answerSts({ accounts }: Ec2World, credentials: Credentials, query: Query): string {
  if (query.text('Action') !== 'AssumeRole')
    throw new Ec2Fault('InvalidAction', `Could not find operation ${query.text('Action') ?? ''}`)
  const role = query.text('RoleArn') ?? ''
  const [, accountId, roleName] = /^arn:aws[a-z-]*:iam::(\d{12}):role\/(.+)$/.exec(role) ?? []
  if (accountId === undefined || roleName === undefined || !accounts.has(accountId))
    throw new Ec2Fault(
      'AccessDenied',
      `User: arn:aws:iam::simulated:user/jit-gateway is not authorized to perform: sts:AssumeRole on resource: ${role}`,
      403,
    )
  const session = credentials.assume(accountId)
  const user = `arn:aws:sts::${accountId}:assumed-role/${roleName}/${query.text('RoleSessionName') ?? ''}`
  const result = {
    Credentials: {
      AccessKeyId: session.accessKeyId,
      SecretAccessKey: session.secretAccessKey,
      SessionToken: session.sessionToken,
      Expiration: new Date(session.expiresAtMs).toISOString(),
    },
    AssumedRoleUser: { AssumedRoleId: `AROA:${roleName}`, Arn: user },
  }
  return writeXml(
    'AssumeRoleResponse',
    { AssumeRoleResult: result, ResponseMetadata: { RequestId: crypto.randomUUID() } },
    NAMESPACE,
  )
}

/** A refusal in the token service's form. */
export function stsErrorXml({ code, message, status }: Ec2Fault): string {
  const error = { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message }
  return writeXml('ErrorResponse', { Error: error, RequestId: crypto.randomUUID() }, NAMESPACE)
}
