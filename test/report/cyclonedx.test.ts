import { expect, test } from 'vitest'
import type { PackagesReport } from '../../src/model/report-packages.js'
import { cyclonedx } from '../../src/report/cyclonedx.js'
import { findingOf } from '../support/verdicts.js'

const style = { color: false, full: false, now: new Date(0) }
const report: PackagesReport = {
  schema: 'imgtar/packages/v1',
  tool: { name: 'imgtar', version: '1.2.3' },
  ok: true,
  archive: 'app.tar',
  imageID: 'sha256:aa',
  names: ['registry.example:5000/app:2', 'app'],
  platform: 'linux/amd64',
  distro: { id: 'debian', versionID: '12', name: 'Debian 12' },
  layers: [{ layer: 0, diffID: 'sha256:bb', packages: 2 }],
  packages: [
    { manager: 'dpkg', name: 'a', version: '1', architecture: 'amd64', layer: 0, purl: 'pkg:deb/debian/a@1' },
    { manager: 'npm', name: 'b', version: '2', path: '/x', layer: 1, purl: 'pkg:npm/b@2' },
    { manager: 'npm', name: 'b', version: '2', path: '/y', layer: 1, purl: 'pkg:npm/b@2' },
    { manager: 'apk', name: 'c', version: '3', layer: 0 },
  ],
  unread: [],
  findings: [],
}
const bomOf = (of: PackagesReport): unknown => JSON.parse([...cyclonedx.present(of, style)].join(''))

test('a bill of materials has the image, its distribution and its packages, each with a name of its own', () => {
  expect(bomOf(report)).toEqual({
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      tools: { components: [{ type: 'application', name: 'imgtar', version: '1.2.3' }] },
      component: {
        type: 'container',
        'bom-ref': 'sha256:aa',
        name: 'registry.example:5000/app',
        version: '2',
        properties: [
          { name: 'imgtar:imageID', value: 'sha256:aa' },
          { name: 'imgtar:platform', value: 'linux/amd64' },
          { name: 'imgtar:name', value: 'registry.example:5000/app:2' },
          { name: 'imgtar:name', value: 'app' },
        ],
      },
    },
    components: [
      { type: 'operating-system', 'bom-ref': 'os:debian@12', name: 'debian', version: '12', description: 'Debian 12' },
      {
        type: 'library',
        'bom-ref': 'pkg:deb/debian/a@1',
        name: 'a',
        version: '1',
        purl: 'pkg:deb/debian/a@1',
        properties: [
          { name: 'imgtar:manager', value: 'dpkg' },
          { name: 'imgtar:layer', value: '0' },
          { name: 'imgtar:layer:diffID', value: 'sha256:bb' },
        ],
      },
      ...['/x', '/y'].map((path, index) => ({
        type: 'library',
        'bom-ref': index === 0 ? 'pkg:npm/b@2' : 'pkg:npm/b@2#2',
        name: 'b',
        version: '2',
        purl: 'pkg:npm/b@2',
        properties: [
          { name: 'imgtar:manager', value: 'npm' },
          { name: 'imgtar:path', value: path },
          { name: 'imgtar:layer', value: '1' },
        ],
      })),
      {
        type: 'library',
        'bom-ref': 'apk:c@3',
        name: 'c',
        version: '3',
        properties: [
          { name: 'imgtar:manager', value: 'apk' },
          { name: 'imgtar:layer', value: '0' },
          { name: 'imgtar:layer:diffID', value: 'sha256:bb' },
        ],
      },
    ],
  })
})

test('what could not be read is told beside the document, which says that it is not all', () => {
  const finding = findingOf('LAYER_MISSING', 'error', { archive: 'app.tar', layer: 1 })
  const missing = { ...report, ok: false, findings: [finding], unread: ['/var/lib/rpm/Packages'] }
  expect(bomOf(missing)).toMatchObject({ compositions: [{ aggregate: 'incomplete', assemblies: ['sha256:aa'] }] })
  const [first, second] = cyclonedx.notices(missing, style)
  expect(first).toContain('error LAYER_MISSING')
  expect(second).toBe('imgtar: not read: /var/lib/rpm/Packages, a database in the format of rpm before 4.16\n')
  expect(bomOf({ ...report, unread: missing.unread })).toHaveProperty('compositions')
  expect([bomOf(report), [...cyclonedx.notices(report, style)]]).toEqual([
    expect.not.objectContaining({ compositions: expect.anything() as unknown }),
    [],
  ])
})

test('an image without a name is that of its ID or its archive, one without a tag has no version', () => {
  const componentOf = (names: string[]): unknown =>
    (bomOf({ ...report, imageID: null, names }) as { metadata: { component: unknown } }).metadata.component
  expect(componentOf([])).toMatchObject({ 'bom-ref': 'app.tar', name: 'app.tar' })
  expect((bomOf({ ...report, names: [] }) as { metadata: object }).metadata).toMatchObject({
    component: { 'bom-ref': 'sha256:aa', name: 'sha256:aa' },
  })
  expect(componentOf(['host:5000/a'])).toMatchObject({ name: 'host:5000/a' })
  expect(componentOf(['host:5000/a'])).not.toHaveProperty('version')
})
