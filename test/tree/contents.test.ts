import { describe, expect, test } from 'vitest'
import { bytesSource, chunksOf } from '../../src/bytes/source.js'
import { DEFAULT_LIMITS } from '../../src/context.js'
import { entriesOfParts, takeEntries, takeParts, type ContentsHandlers } from '../../src/tree/contents-takers.js'
import { readContents } from '../../src/tree/contents.js'
import type { RecordedEntry } from '../../src/tree/entry-records.js'
import { entryOfPlain } from '../../src/tree/plain-members.js'
import { directory, file, hardlink, layerTar, symlink } from '../support/layers.js'

const TAR = layerTar([
  directory('etc'),
  file('etc/a', { content: 'a', xattrs: { 'user.x': 'y' } }),
  file('etc/empty'),
  hardlink('etc/b', 'etc/a'),
  symlink('etc/c', 'a'),
  file(`etc/${'long'.repeat(40)}`, { content: 'long' }),
  file('etc/last', { content: 'the last' }),
])

const options = { limits: DEFAULT_LIMITS, location: 'layer', diffID: true, hashes: true }

function listener({ plainApart }: { readonly plainApart: boolean }) {
  const told: unknown[] = []
  const hashes: unknown[] = []
  const tell = ({ rawPath, rawLinkPath, type, size, mtimeNs, pax, spelling }: RecordedEntry) =>
    told.push({ text: [rawPath, rawLinkPath].map((bytes) => [...bytes]), type, size, mtimeNs, pax: [...pax], spelling })
  const onHash = (offset: number, hash: Uint8Array) => hashes.push([offset, ...hash])
  const handlers: ContentsHandlers = {
    onEntry(entry, hash) {
      tell(entry)
      if (hash !== undefined) onHash(entry.content.offset, hash)
    },
    plain: plainApart ? { onMember: (member) => tell(entryOfPlain(member)), onHash } : undefined,
  }
  return { told, hashes, handlers }
}

const TARS = [
  ['a whole layer', TAR, 3],
  ['a layer whose last content is cut off', TAR.subarray(0, TAR.length - 1024 - 510), 2],
] as const

describe.each(TARS)('%s', (_, tar, hashed) => {
  const chunks = () => chunksOf(bytesSource(tar, 'layer'))

  test.each([true, false])('is told alike here and over to another thread, spelled: %s', async (spelling) => {
    const [here, there] = [listener({ plainApart: true }), listener({ plainApart: true })]
    const all = listener({ plainApart: false })
    const own = { ...options, spelling }
    const near = await readContents(chunks(), own, takeEntries(here.handlers))
    const far = await readContents(chunks(), own, takeParts(entriesOfParts(there.handlers)))
    const entries = await readContents(chunks(), own, takeEntries(all.handlers))
    expect([near, near]).toEqual([far, entries])
    expect([here.told, here.hashes]).toEqual([all.told, all.hashes])
    expect([there.told, there.hashes]).toEqual([all.told, all.hashes])
    expect([all.told.length, all.hashes.length]).toEqual([7, hashed])
  })
})

test('a compression that cannot be undone here is told with what can be done', async () => {
  const { handlers } = listener({ plainApart: true })
  // RFC 8878: a frame with a window of 2 GiB.
  const frame = Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00])
  const { fault } = await readContents(chunksOf(bytesSource(frame, 'layer')), options, takeEntries(handlers))
  expect(fault).toMatchObject({ code: 'LAYER_COMPRESSION', message: expect.stringContaining('decompress it first') })
})
