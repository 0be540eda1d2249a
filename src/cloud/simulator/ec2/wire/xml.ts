/** What an answer is made of: an element for each property, an `item` for each entry of a list, nothing for undefined. */
export type Xml = string | number | boolean | undefined | readonly Xml[] | { readonly [name: string]: Xml }

/** Writes a document of one root element, in EC2's namespace unless told otherwise. */
export function writeXml(root: string, content: Xml, namespace = 'http://ec2.amazonaws.com/doc/2016-11-15/'): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${namespace}">${inner(content)}</${root}>`
}

function inner(content: Xml): string {
  if (content === undefined) return ''
  if (typeof content !== 'object') return escaped(String(content))
  if (isList(content)) return content.map((entry) => `<item>${inner(entry)}</item>`).join('')
  return Object.entries(content)
    .flatMap(([name, value]) => (value === undefined ? [] : [`<${name}>${inner(value)}</${name}>`]))
    .join('')
}

const isList = (content: object): content is readonly Xml[] => Array.isArray(content)

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character)
}
