import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { concatenated } from '../../support/chunks.js'
import { directory, file, hardlink, layerTar, symlink, type LayerEntry } from '../../support/layers.js'

// security.capability of cap_net_raw+ep: revision 2, effective.
const CAPABILITY = '\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00'

/** Layers on which flatteners trip, as far as all storage drivers agree on them. All parents stand in the layers. */
const LAYERS: readonly (readonly LayerEntry[])[] = [
  [
    directory('bin'),
    file('bin/su', { content: 'root', mode: 0o4755 }),
    file('bin/ping', { content: 'icmp', mode: 0o755, xattrs: { 'security.capability': CAPABILITY } }),
    directory('dev'),
    directory('etc'),
    file('etc/hosts', { content: 'of the image' }),
    directory('links'),
    file('links/one', { content: 'shared' }),
    hardlink('links/three', 'links/one'),
    hardlink('links/two', 'links/one'),
    directory('opaque'),
    file('opaque/lower', { content: 'goes' }),
    directory('becomes-file'),
    file('becomes-file/inner', { content: 'goes' }),
    file('becomes-directory', { content: 'goes' }),
    directory('real'),
    file('real/first', { content: '1' }),
    symlink('alias', 'real'),
    directory('sticky', { mode: 0o1777 }),
    file('gone', { content: 'goes' }),
    file('n\xe4me \xff', { content: 'no UTF-8' }),
    file('fraction', { content: 't', mtimeNs: 1_700_000_000_123_456_789n }),
    file('owner', { content: 'o', uid: 3_000_000, gid: 3_000_001 }),
    { path: 'fifo', type: 'fifo', mode: 0o600 },
    { path: 'null', type: 'char', mode: 0o666, device: [1, 3] },
  ],
  [
    directory('links'),
    file('links/two', { content: 'written above' }),
    directory('opaque'),
    file('opaque/.wh..wh..opq', { mode: 0o600 }),
    file('opaque/sibling', { content: 'stays' }),
    file('.wh.becomes-file', { mode: 0o600 }),
    directory('becomes-directory'),
    file('becomes-directory/inner', { content: 'new' }),
    file('.wh.gone', { mode: 0o600 }),
  ],
  [file('becomes-file', { content: 'a file now' }), directory('real'), file('real/second', { content: '2' })],
]

/** Writes a docker archive of one image with these layers. */
export function oddArchive(to: string, name: string): void {
  const layers = LAYERS.map((entries) => layerTar(entries))
  const diffIDs = layers.map((layer) => `sha256:${hex(layer)}`)
  const config = text({
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: diffIDs },
    history: layers.map((_, index) => ({ created: '2024-01-01T00:00:00Z', created_by: `layer ${String(index)}` })),
  })
  const members = new Map([
    [`${hex(config)}.json`, config],
    ...layers.map((layer, index): [string, Uint8Array] => [`${String(index)}/layer.tar`, layer]),
  ])
  const manifest = [
    { Config: `${hex(config)}.json`, RepoTags: [name], Layers: layers.map((_, index) => `${String(index)}/layer.tar`) },
  ]
  members.set('manifest.json', text(manifest))
  const entries = [...members].map(([path, bytes]) => file(path, { content: Buffer.from(bytes).toString('latin1') }))
  writeFileSync(to, concatenated(layerTar(entries)))
}

function hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function text(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}
