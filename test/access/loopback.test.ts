import { expect, it } from 'vitest'
import { isLoopback } from '../../src/access/loopback.ts'

it.each(['localhost', '127.0.0.1', '127.9.8.7', '::1', '[::1]'])('%s stays on this machine', (host) => {
  expect(isLoopback(host)).toBe(true)
})

it.each([
  '0.0.0.0',
  '::',
  '128.0.0.1',
  '127.0.0.256',
  '127.00.0.1',
  '127.0.1',
  '127.0.0.1.example.org',
  'localhost.example.org',
  '',
])('%s is not taken to stay on this machine', (host) => {
  expect(isLoopback(host)).toBe(false)
})
