/** A refusal in EC2's form. */
export class Ec2Fault extends Error {
  override readonly name = 'Ec2Fault'
  readonly status: number
  readonly code: string

  constructor(code: string, message: string, status = 400) {
    super(message)
    this.code = code
    this.status = status
  }
}

/** The refusal of an id that names nothing, in EC2's words for its kind. */
export function notFound(kind: 'group' | 'groupRule' | 'interface' | 'instance' | 'vpc', id: string): Ec2Fault {
  const [code, what] = {
    group: ['InvalidGroup.NotFound', 'security group'],
    groupRule: ['InvalidSecurityGroupRuleId.NotFound', 'security group rule ID'],
    interface: ['InvalidNetworkInterfaceID.NotFound', 'networkInterface ID'],
    instance: ['InvalidInstanceID.NotFound', 'instance ID'],
    vpc: ['InvalidVpcID.NotFound', 'vpc ID'],
  }[kind] as [string, string]
  return new Ec2Fault(code, `The ${what} '${id}' does not exist`)
}

/** The refusal of a value that cannot be. */
export function invalid(message: string): Ec2Fault {
  return new Ec2Fault('InvalidParameterValue', message)
}

/** The refusal of a call without something it needs. */
export function missing(name: string): Ec2Fault {
  return new Ec2Fault('MissingParameter', `The request must contain the parameter ${name}`)
}
