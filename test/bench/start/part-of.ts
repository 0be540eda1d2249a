/** What a source file or a frame of a profile belongs to: a package, a room of the product, or a part of Node. */
export function partOf(url: string): string {
  const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? []
  if (name !== undefined) return name
  const ours = /(?:^|\/)src\/(?:([a-z]+)\/)?/.exec(url)
  if (ours !== null) return `src/${ours[1] ?? ''}`
  if (/^node:internal\/(modules|deps\/amaro)|^wasm/.test(url)) return 'node: loading modules'
  return url.startsWith('node:') ? 'node: its own modules' : 'node: native code'
}
