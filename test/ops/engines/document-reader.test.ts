import { expect, test } from 'vitest'
import { bytesSource, type ByteSource } from '../../../src/bytes/source.js'
import { DEFAULT_LIMITS, runContext } from '../../../src/context.js'
import type { LoadMember, LoadView } from '../../../src/model/load-view.js'
import { documentReader } from '../../../src/ops/engines/document-reader.js'
import { predict } from '../../../src/ops/predict.js'
import { json } from '../../support/archives.js'

/** A source that counts how often it is read. */
function counting(bytes: Uint8Array): { readonly source: ByteSource; readonly reads: () => number } {
  const source = bytesSource(bytes, 'a.tar')
  let reads = 0
  return {
    reads: () => reads,
    source: {
      ...source,
      read(span, signal) {
        reads += 1
        return source.read(span, signal)
      },
    },
  }
}

function viewOf(documents: Readonly<Record<string, ByteSource>>): LoadView {
  const members = Object.entries(documents).map(([name, source]): LoadMember => {
    return { name, type: 'file', typeflag: '0', link: '', size: source.size, source }
  })
  const end = { entries: members.length, offset: 0, marker: 'two-zero-blocks', size: 0, trailing: 0 } as const
  return {
    location: 'a.tar',
    isDirectory: false,
    peels: [],
    members,
    end: { ...end, trailingNonZero: false },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

const CONFIG = json({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } })

test('a config that many images name is read a few times for all engines, not for each image', async () => {
  const config = counting(CONFIG)
  const items = Array.from({ length: 50 }, (_, at) => ({ Config: 'config.json', RepoTags: [`a:${at}`], Layers: [] }))
  const manifest = bytesSource(json(items), 'a.tar')
  const predictions = await predict(viewOf({ 'config.json': config.source, 'manifest.json': manifest }), runContext())
  expect(predictions.filter(({ images }) => images[0]?.names.length === 50).length).toBeGreaterThan(5)
  expect(config.reads()).toBeLessThan(10)
})

test('a config is parsed once for each way to read it', async () => {
  const documents = documentReader(runContext())
  const bytes = await documents.read(bytesSource(CONFIG, 'a.tar'))
  expect(documents.config(bytes, 'docker')).toBe(documents.config(bytes, 'docker'))
  expect(documents.config(bytes, 'platform')).not.toBe(documents.config(bytes, 'docker'))
})

test('a document over the limit is not read, and stops whoever asks for it', async () => {
  const config = counting(CONFIG)
  const documents = documentReader(runContext({ limits: { ...DEFAULT_LIMITS, json: CONFIG.length - 1 } }))
  await expect(documents.read(config.source)).rejects.toThrow(`over imgtar's limit of ${CONFIG.length - 1}`)
  expect(config.reads()).toBe(0)
})
