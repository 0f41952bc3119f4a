import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { z } from 'zod'

/** Where the independent facts lie. */
export const CORPUS = resolve(import.meta.dirname, '../../../shared/corpus')

/** Whether the corpus is there to be compared with. */
export const hasCorpus = existsSync(resolve(CORPUS, 'EXPECTED.json'))

/** A node of a tree as lstat shows it. */
export const expectedNode = z.object({
  path: z.string().optional(),
  path_b64: z.string().optional(),
  type: z.string(),
  mode: z.string(),
  uid: z.number(),
  gid: z.number(),
  mtime: z.number(),
  mtime_ns: z.number().optional(),
  size: z.number().optional(),
  sha256: z.string().optional(),
  linkname: z.string().optional(),
  hardlink_of: z.string().optional(),
  dev: z.array(z.number()).optional(),
  xattrs: z.record(z.string(), z.string()).optional(),
})
export type ExpectedNode = z.output<typeof expectedNode>

const fact = z.object({
  flattened_by_umoci_unpack: z
    .array(z.object({ accepts: z.boolean().optional(), index: z.number().optional(), listing: z.string().optional() }))
    .optional(),
})

/** An image whose merged tree is known. */
export interface ExpectedTree {
  readonly name: string
  /** Of the image in its archive. */
  readonly index: number
  readonly listing: string
}

/** Every image of the corpus that umoci unpacked. */
export function expectedTrees(): ExpectedTree[] {
  // Python wrote the facts: NaN is no JSON.
  const text = readFileSync(resolve(CORPUS, 'EXPECTED.json'), 'utf8').replaceAll(/: (?:NaN|-?Infinity)/g, ': null')
  const all = z.object({ files: z.record(z.string(), z.object({ facts: z.unknown() })) }).parse(JSON.parse(text))
  return Object.entries(all.files).flatMap(([name, file]) => {
    const facts = fact.safeParse(file.facts).data
    return (facts?.flattened_by_umoci_unpack ?? []).flatMap(({ accepts, index = 0, listing }) => {
      if (accepts !== true || listing === undefined) return []
      return [{ name, index, listing }]
    })
  })
}

/** The nodes of a known tree. */
export function readListing(file: string): ExpectedNode[] {
  const lines = gunzipSync(readFileSync(resolve(CORPUS, file)))
    .toString('utf8')
    .split('\n')
  return lines.filter((line) => line !== '').map((line) => expectedNode.parse(JSON.parse(line)))
}
