import { expect, test } from 'vitest'
import { compressionClaimed, roleOf } from '../../src/model/media-types.js'

test.each([
  ['application/vnd.oci.image.index.v1+json', 'index', undefined],
  ['application/vnd.docker.distribution.manifest.list.v2+json', 'index', undefined],
  ['application/vnd.oci.image.manifest.v1+json', 'manifest', undefined],
  ['application/vnd.docker.distribution.manifest.v2+json', 'manifest', undefined],
  ['application/vnd.oci.image.config.v1+json', 'config', undefined],
  ['application/vnd.docker.container.image.v1+json', 'config', undefined],
  ['application/vnd.oci.image.layer.v1.tar', 'layer', 'none'],
  ['application/vnd.oci.image.layer.v1.tar+gzip', 'layer', 'gzip'],
  ['application/vnd.oci.image.layer.v1.tar+zstd', 'layer', 'zstd'],
  ['application/vnd.docker.image.rootfs.diff.tar', 'layer', 'none'],
  ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'layer', 'gzip'],
  ['application/vnd.docker.image.rootfs.diff.tar.zstd', 'layer', 'zstd'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', 'foreign-layer', 'gzip'],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'foreign-layer', 'gzip'],
  ['Application/vnd.OCI.image.layer.v1.tar+gzip; charset=utf-8', 'layer', 'gzip'],
  ['application/vnd.in-toto+json', 'attestation', undefined],
  ['application/vnd.oci.image.layer.v1.tar+evil', 'unknown', undefined],
  ['', 'unknown', undefined],
])('%s is of role %s with compression %s', (mediaType, role, compression) => {
  expect(roleOf(mediaType)).toBe(role)
  expect(compressionClaimed(mediaType)).toBe(compression)
})
