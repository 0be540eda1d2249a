import type { Estate, Subscription } from '../resource.ts'
import { drawNetworks } from './draw.ts'
import { classicMachine } from './machine-shapes.ts'
import { guidFrom, type Place } from './place.ts'
import { jitPolicyAssignment } from './policy-shapes.ts'
import { randomFrom } from './random.ts'
import {
  backOffice,
  boughtAppliances,
  partners,
  payments,
  playground,
  sharedServices,
  storefront,
  type Dice,
  type Workload,
} from './workloads.ts'

/** How to make the believable estate. */
export interface EstateOptions {
  /** Decides sizes, teams and addresses; the ids are the same for every seed. */
  readonly seed?: number
  /** How many machines, classic ones included; 60 when left out, and never fewer than show each kind of machine. */
  readonly machines?: number
}

const MACHINES = 60
/** All but the web servers and developers' boxes, of which there are as many as it takes. */
const FIXED = 43
const FEWEST_OF_A_KIND = 4

const [production, shared, development] = [
  subscription('Contoso Production'),
  subscription('Contoso Shared Services'),
  subscription('Contoso Development'),
] as const

/** An estate as a company could have it, with every kind of machine and of foreign rule that matters. */
export function believableEstate({ seed = 1, machines = MACHINES }: EstateOptions = {}): Estate {
  const dice = diceFrom(seed)
  const boxes = Math.max(FEWEST_OF_A_KIND, Math.floor((machines - FIXED) / 3))
  const webServers = Math.max(FEWEST_OF_A_KIND, machines - FIXED - boxes)
  const at = (place: Place, { network: name, ...workload }: Workload) => ({ place, name, ...workload })
  const appliances = placeIn(shared, 'rg-appliances', 'westeurope')
  const { resources } = drawNetworks([
    at(placeIn(production, 'rg-storefront-prod', 'westeurope'), storefront(dice, webServers)),
    at(placeIn(production, 'RG-BackOffice', 'northeurope'), backOffice(dice)),
    at(placeIn(shared, 'rg-hub', 'westeurope'), sharedServices(dice)),
    at(placeIn(development, 'rg-dev', 'eastus'), playground(dice, boxes)),
    at(placeIn(production, 'rg-payments', 'westeurope'), payments(dice)),
    at(placeIn(shared, 'rg-partners', 'westeurope'), partners(dice)),
    at(appliances, boughtAppliances(dice)),
  ])
  const legacy = placeIn(production, 'Default-Legacy', 'westeurope')
  const classic = [classicMachine(legacy, 'fax-gateway', 'Windows'), classicMachine(legacy, 'ledger-old', 'Linux')]
  // Somebody decided that just-in-time access is not for these.
  const scope = `/subscriptions/${appliances.subscriptionId}/resourceGroups/${appliances.resourceGroup}`
  const policies = [jitPolicyAssignment(scope, { effect: 'Disabled' })]
  return { subscriptions: [production, shared, development], resources: [...resources, ...classic, ...policies] }
}

function subscription(displayName: string): Subscription {
  return { subscriptionId: guidFrom(`subscription ${displayName}`), displayName }
}

function placeIn({ subscriptionId }: Subscription, resourceGroup: string, location: string): Place {
  return { subscriptionId, resourceGroup, location }
}

function diceFrom(seed: number): Dice {
  const random = randomFrom(seed)
  const upTo = (count: number) => Math.floor(random() * count)
  const office = `198.51.100.${String(upTo(16) * 16)}/28`
  let given = upTo(100)
  return {
    pick: (items) => items[upTo(items.length)] ?? items[0],
    office,
    publicAddress: () => `203.0.113.${String(++given)}`,
  }
}
