/** A region of an account: whatever EC2 is asked is asked there. */
export interface Place {
  readonly accountId: string
  readonly region: string
}

/** The network interface whose security groups are a boundary. */
export interface InterfacePlace extends Place {
  readonly vpcId: string
  readonly interfaceId: string
}

const BOUNDARY = /^\/aws\/(\d{12})\/([a-z0-9-]+)\/(vpc-[0-9a-f]+)\/network-interfaces\/(eni-[0-9a-f]+)$/

/** What is in a VPC has the VPC's path, as what is in a resource group of Azure has its. EC2's ids are in lower case. */
export function resourceGroupIn(region: string, vpcId: string): string {
  return `${region}/${vpcId}`
}

export function interfacePath({ accountId, region, vpcId, interfaceId }: InterfacePlace): string {
  return `/aws/${accountId}/${resourceGroupIn(region, vpcId)}/network-interfaces/${interfaceId}`
}

export function instancePath({ accountId, region }: Place, vpcId: string, instanceId: string): string {
  return `/aws/${accountId}/${resourceGroupIn(region, vpcId)}/instances/${instanceId}`
}

export function subnetPath({ accountId, region }: Place, vpcId: string, subnetId: string): string {
  return `/aws/${accountId}/${resourceGroupIn(region, vpcId)}/subnets/${subnetId}`
}

/** Reads the id of a boundary; throws at what is none, which nobody but the gateway can have made. */
export function readInterfacePath(boundaryId: string): InterfacePlace {
  const [, accountId, region, vpcId, interfaceId] = BOUNDARY.exec(boundaryId) ?? []
  if (accountId === undefined || region === undefined || vpcId === undefined || interfaceId === undefined)
    throw new Error(`not the id of a network interface of AWS: ${boundaryId}`)
  return { accountId, region, vpcId, interfaceId }
}
