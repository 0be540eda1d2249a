import { GraphQLError } from 'graphql'
import { GraphQLDateTime } from 'graphql-scalars'
import { formatDuration, parseDuration } from '../time/duration.ts'
import { builder } from './builder.ts'

builder.scalarType('DateTime', {
  description: 'A moment as RFC 3339 text in UTC, to the millisecond: `2026-11-24T11:31:55.123Z`.',
  // SQL answers in this very text; parsing it and printing it again would be the larger part of a read's cost.
  serialize: (value) => (typeof value === 'string' ? value : value.toISOString()),
  parseValue: (value) => GraphQLDateTime.parseValue(value),
})

builder.scalarType('Duration', {
  description: 'A length of time as ISO 8601 text in weeks, days, hours, minutes and seconds: `PT1H30M`.',
  serialize: (seconds) => formatDuration(seconds),
  parseValue(value) {
    const seconds = typeof value === 'string' ? parseDuration(value) : null
    if (seconds === null)
      throw new GraphQLError(`Duration takes ISO 8601 text such as PT3H, not ${JSON.stringify(value)}.`)
    return seconds
  },
})

builder.scalarType('CIDR', {
  description:
    'A range of IPv4 or IPv6 addresses: `203.0.113.0/24`, `2001:db8::/32`. A bare address means that address alone. ' +
    '`0.0.0.0/0` and `::/0` are any source of their family.',
  serialize: (value) => value,
  parseValue(value) {
    if (typeof value !== 'string') throw new GraphQLError(`CIDR takes text, not ${JSON.stringify(value)}.`)
    return value
  },
})
