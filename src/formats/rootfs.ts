import type { DiffID } from '../bytes/digest.js'
import { ArchiveError } from '../errors.js'
import { configForImport } from '../model/derived-config.js'
import { findingLog } from '../model/finding-log.js'
import type { Image, ImageArchive, Layer } from '../model/image.js'
import type { Platform } from '../model/platform.js'
import type { FileSet } from './files.js'
import { archiveOf, type Format, type ReadOptions } from './format.js'
import { storedLayer } from './layers.js'

const LINUX: Platform = { os: 'linux', architecture: 'amd64' }
// `docker import` writes the time it ran; a reader has no such time, and must say the same on every run.
const EPOCH = '1970-01-01T00:00:00Z'

/** A root filesystem, as `docker export` writes it: one layer, and the config that `docker import` would give it. */
export const rootfs: Format = {
  name: 'rootfs',
  what: 'a root filesystem',
  recognises: async (files) => files.whole !== undefined && !(await isArchiveRemnant(files)),
  read(files, _context, options) {
    if (files.whole === undefined) {
      return Promise.reject(
        new ArchiveError('ERR_NOT_ARCHIVE', 'there is no root filesystem here', { location: files.location }),
      )
    }
    return Promise.resolve(
      rootfsArchive(withoutMembers(files), { ...storedLayer(0, files.whole, {}), isWhole: true }, options),
    )
  },
}

// The members are entries of the layer, whose measurement tells what is odd about them.
function withoutMembers(files: FileSet): FileSet {
  const own = files.findings.filter(({ code }) => !code.startsWith('MEMBER_') && code !== 'TAR_AMBIGUOUS')
  return { ...files, findings: own }
}

// No root filesystem has such names: this is an image archive that lost the document that all hangs on.
async function isArchiveRemnant(files: FileSet): Promise<boolean> {
  const names = [...(await files.list('blobs/sha256')), ...(await files.list(''))]
  return names.some((name) => /^(?:[a-f0-9]{64}(?:\.json|\.tar)?|sha256:[a-f0-9]{64}|oci-layout)$/.test(name))
}

/** The archive of one layer that is a whole root filesystem. */
export function rootfsArchive(files: FileSet, layer: Layer, { platform = LINUX }: ReadOptions): ImageArchive {
  const make = (diffIDs: readonly DiffID[]) =>
    configForImport({ platform, created: EPOCH, comment: 'Imported from -' }, diffIDs, files.location)
  const image: Image = {
    names: [],
    platform,
    config: { ...make([]).value, rootfs: { type: 'layers' } },
    configSource: { kind: 'derived', make },
    manifest: undefined,
    layers: [layer],
    attachments: [],
    path: '',
  }
  return archiveOf('rootfs', files, [image], findingLog(files.location))
}
