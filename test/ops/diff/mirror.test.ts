import fc from 'fast-check'
import { expect, test } from 'vitest'
import { directory, file, hardlink, symlink, type LayerEntry } from '../../support/layers.js'
import { diffOf, type Stack } from './support.js'
import type { FileChange } from '../../../src/ops/diff/files.js'

const name = fc.constantFrom('a', 'b', 'c', 'a/x', 'a/y', 'b/x', 'b/x/deep', 'c/z')
const more = fc.record({
  mode: fc.constantFrom(0o644, 0o755, 0o4755),
  uid: fc.constantFrom(0, 1000),
  mtimeNs: fc.constantFrom(0n, 1_000_000_000n, 1_500_000_000n),
})
const entry: fc.Arbitrary<LayerEntry> = fc.oneof(
  fc
    .tuple(name, fc.constantFrom('', 'one', 'two', 'three'), more)
    .map(([path, content, rest]) => file(path, { content, ...rest })),
  fc.tuple(name, more).map(([path, rest]) => directory(path, rest)),
  fc.tuple(name, name).map(([path, target]) => symlink(path, target)),
  fc.tuple(name, name).map(([path, target]) => hardlink(path, target)),
  name.map((path) => file(path.replace(/([^/]+)$/, '.wh.$1'))),
  fc.constantFrom('a', 'b').map((path) => file(`${path}/.wh..wh..opq`)),
)
const stack: fc.Arbitrary<Stack> = fc.array(fc.array(entry, { maxLength: 8 }), { minLength: 1, maxLength: 3 })

function mirrored({ path, from, change, fields }: FileChange): unknown {
  const turned = Object.entries(fields).map(([key, pair]) => [key, { a: pair.b, b: pair.a }])
  if (change === 'renamed') return { path: from, from: path, change, fields: Object.fromEntries(turned) }
  const other = change === 'added' ? 'removed' : change === 'removed' ? 'added' : change
  return { path, from, change: other, fields: Object.fromEntries(turned) }
}

const plain = ({ path, from, change, fields }: FileChange) => ({ path, from, change, fields })
const sorted = (changes: readonly unknown[]) => changes.map((change) => JSON.stringify(change)).sort()

test('an image does not differ from itself', async () => {
  await fc.assert(
    fc.asyncProperty(stack, async (layers) => {
      const { equal, files, a, b } = await diffOf(layers, layers)
      expect([equal, files, a.rootfsDigest]).toEqual([true, [], b.rootfsDigest])
    }),
    { numRuns: 150 },
  )
})

test('the diff of B and A mirrors that of A and B', async () => {
  await fc.assert(
    fc.asyncProperty(stack, stack, async (one, two) => {
      const [there, back] = [await diffOf(one, two), await diffOf(two, one)]
      expect(sorted(there.files.map(mirrored))).toEqual(sorted(back.files.map(plain)))
      expect(there.equal).toBe(back.equal)
    }),
    { numRuns: 200 },
  )
})

test('digests agree exactly where no path differs', async () => {
  await fc.assert(
    fc.asyncProperty(stack, stack, async (one, two) => {
      const { files, a, b } = await diffOf(one, two, { tolerances: { fileTimestamps: true } })
      expect(a.rootfsDigest === b.rootfsDigest).toBe(files.length === 0)
    }),
    { numRuns: 200 },
  )
})
