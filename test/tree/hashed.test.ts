import { expect, test } from 'vitest'
import { diffIDOf, digestOf } from '../../src/bytes/digest.js'
import { DEFAULT_LIMITS, runContext } from '../../src/context.js'
import { findingLog } from '../../src/model/finding-log.js'
import type { Layer } from '../../src/model/image.js'
import { hashedTree, hashedTrees, type HashedTree } from '../../src/tree/hashed.js'
import { lookup } from '../../src/tree/resolve.js'
import { file, layersOf } from '../support/layers.js'

const DIFF_ID = diffIDOf(digestOf(new Uint8Array(0)))

/** A layer with one file of four bytes, which claims what all of these claim. */
function claiming(content: string): Layer[] {
  return layersOf([file('f', { content })]).map((layer) => ({ ...layer, claims: { ...layer.claims, diffID: DIFF_ID } }))
}

async function trees(
  a: readonly Layer[],
  b: readonly Layer[],
  options: Partial<Parameters<typeof hashedTrees>[2]>,
): Promise<readonly [HashedTree, HashedTree]> {
  const side = (layers: readonly Layer[]) => ({ layers, log: findingLog('test.tar') })
  return hashedTrees(side(a), side(b), { hashAll: false, ...options }, runContext())
}

const hashOf = (tree: HashedTree) => {
  const inode = lookup(tree.tree, 'f')?.node.inode
  return inode && tree.hashOf(inode)
}

test('layers that claim one diffID are compared, and are two where their bytes differ', async () => {
  const [a, b] = await trees(claiming('same'), claiming('else'), {})
  expect(a.trustedLayers).toBe(0)
  expect(hashOf(a)).toBeDefined()
  expect(hashOf(a)).not.toEqual(hashOf(b))
})

test('large ones are believed and not hashed, and that is told', async () => {
  const [a, b] = await trees(claiming('same'), claiming('else'), { cheap: 0 })
  expect([a.trustedLayers, a.sharedLayers, a.allHashed]).toEqual([1, 1, false])
  expect([hashOf(a), hashOf(b)]).toEqual([undefined, undefined])
  const inode = lookup(b.tree, 'f')?.node.inode
  expect(inode).toBe(lookup(a.tree, 'f')?.node.inode)
  expect(inode && a.isUnhashed(inode)).toBe(true)
})

test('all are read where every hash is wanted, however large', async () => {
  const [a, b] = await trees(claiming('same'), claiming('same'), { cheap: 0, hashAll: true })
  expect([a.trustedLayers, a.allHashed]).toEqual([0, true])
  expect(hashOf(a)).toEqual(hashOf(b))
})

test('a layer of both that is the same blob is known, not believed', async () => {
  const layers = claiming('same')
  const [a] = await trees(layers, layers, { cheap: 0 })
  expect(a.trustedLayers).toBe(0)
})

test('layers whose names are too many together are not all read before that is told', async () => {
  const [layer] = layersOf([file('a'), file('b'), file('c')])
  if (layer === undefined) throw new Error('there is a layer')
  let reads = 0
  const counting = (): Layer => ({
    ...layer,
    state: 'assembled',
    blob: undefined,
    tar(context) {
      reads += 1
      return layer.tar(context)
    },
  })
  const image = { layers: Array.from({ length: 20 }, counting), log: findingLog('test.tar') }
  const context = runContext({ limits: { ...DEFAULT_LIMITS, entries: 10 } })
  await expect(hashedTree(image, context)).rejects.toMatchObject({ code: 'ERR_LIMIT' })
  expect(reads).toBe(4)
})

test('an image of more layers than may wait together is refused unless the limit is raised', async () => {
  const [layer] = layersOf([file('a')])
  const layers = Array.from({ length: 2001 }, (_, index) => ({ ...layer, index }) as Layer)
  const image = { layers, log: findingLog('test.tar') }
  const refusal = { code: 'ERR_LIMIT', message: expect.stringContaining('2001 layers'), hint: expect.anything() }
  await expect(hashedTree(image, runContext())).rejects.toMatchObject(refusal)
  const one = { layers: layers.slice(0, 1), log: findingLog('test.tar') }
  await expect(hashedTrees(one, image, { hashAll: false }, runContext())).rejects.toMatchObject(refusal)
  const limits = { ...DEFAULT_LIMITS, entries: 2_001_000 }
  await expect(hashedTree(image, runContext({ limits }))).resolves.toMatchObject({ whole: true })
})
