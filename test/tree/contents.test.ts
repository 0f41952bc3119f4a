import { expect, test } from 'vitest'
import { bytesSource, chunksOf } from '../../src/bytes/source.js'
import { DEFAULT_LIMITS } from '../../src/context.js'
import { entriesOfParts, readContents, takeEntries, takeParts } from '../../src/tree/contents.js'
import type { RecordedEntry } from '../../src/tree/entry-records.js'
import { directory, file, hardlink, layerTar, symlink } from '../support/layers.js'

const TAR = layerTar([
  directory('etc'),
  file('etc/a', { content: 'a', xattrs: { 'user.x': 'y' } }),
  file('etc/empty'),
  hardlink('etc/b', 'etc/a'),
  symlink('etc/c', 'a'),
  file('etc/last', { content: 'the last' }),
])

const options = { limits: DEFAULT_LIMITS, location: 'layer', diffID: true, hashes: true, spelling: true }

function listener() {
  const told: unknown[] = []
  const onEntry = (entry: RecordedEntry, hash: Uint8Array | undefined) => {
    const { rawPath, rawLinkPath, type, size, mtimeNs, pax, spelling } = entry
    const text = [rawPath, rawLinkPath, hash].map((bytes) => bytes && [...bytes])
    told.push({ text, type, size, mtimeNs, pax: [...pax], spelling })
  }
  return { told, onEntry }
}

test.each([
  ['a whole layer', TAR],
  ['a layer whose last content is cut off', TAR.subarray(0, TAR.length - 1024 - 510)],
])('the entries of %s are told alike here and over to another thread', async (_, tar) => {
  const [here, there] = [listener(), listener()]
  const chunks = () => chunksOf(bytesSource(tar, 'layer'))
  const near = await readContents(chunks(), options, takeEntries(here.onEntry))
  const far = await readContents(chunks(), options, takeParts(entriesOfParts(there.onEntry)))
  expect(here.told).toEqual(there.told)
  expect(here.told).toHaveLength(6)
  expect(near).toEqual(far)
})
