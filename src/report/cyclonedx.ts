import type { PackageRow, PackagesReport } from '../model/report-packages.js'
import { noticeLines } from './human/notices.js'
import { unreadLines } from './human/packages.js'
import { jsonPieces } from './json.js'
import type { Presenter } from './presenter.js'

/**
 * A bill of materials as CycloneDX 1.6 has it (ECMA-424): a component for each package and for the distribution, each with
 * the layer that it came with. No time and no serial number: the same image gives the same document.
 */
export const cyclonedx: Presenter = {
  name: 'cyclonedx',
  *present(report) {
    if (report.schema !== 'imgtar/packages/v1') return
    yield* jsonPieces(bom(report), 2)
    yield '\n'
  },
  // The document has no place for what is wrong with the archive.
  *notices(report, style) {
    for (const line of noticeLines(report, style)) yield `${line}\n`
    if (report.schema === 'imgtar/packages/v1') for (const line of unreadLines(report)) yield `imgtar: ${line}\n`
  },
}

interface Property {
  readonly name: string
  readonly value: string
}

interface Component {
  readonly type: 'library' | 'operating-system' | 'container'
  readonly 'bom-ref': string
  readonly name: string
  readonly version?: string
  readonly description?: string
  readonly purl?: string
  readonly properties?: readonly Property[]
}

function bom(report: PackagesReport): object {
  const refs = uniqueNames()
  const image = imageComponent(report, refs)
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      tools: { components: [{ type: 'application', name: report.tool.name, version: report.tool.version }] },
      component: image,
    },
    components: [
      ...distroComponents(report, refs),
      ...report.packages.map((one) => packageComponent(one, report, refs)),
    ],
    ...(!isWhole(report) && { compositions: [{ aggregate: 'incomplete', assemblies: [image['bom-ref']] }] }),
  }
}

/** Whether all of the image could be read. */
function isWhole({ ok, unread }: PackagesReport): boolean {
  return ok && unread.length === 0
}

function imageComponent({ archive, imageID, names, platform }: PackagesReport, refs: UniqueName): Component {
  const [name = imageID ?? archive] = names
  // A registry may have a port, behind a colon too.
  const colon = name.lastIndexOf(':')
  const hasTag = names.length > 0 && colon > name.lastIndexOf('/')
  return {
    type: 'container',
    'bom-ref': refs(imageID ?? name),
    name: hasTag ? name.slice(0, colon) : name,
    ...(hasTag && { version: name.slice(colon + 1) }),
    properties: [
      ...(imageID === null ? [] : [{ name: 'imgtar:imageID', value: imageID }]),
      { name: 'imgtar:platform', value: platform },
      ...names.map((value) => ({ name: 'imgtar:name', value })),
    ],
  }
}

function distroComponents({ distro }: PackagesReport, refs: UniqueName): Component[] {
  if (distro === null) return []
  const { id, versionID, name } = distro
  return [
    {
      type: 'operating-system',
      'bom-ref': refs(`os:${id}${versionID === undefined ? '' : `@${versionID}`}`),
      name: id,
      ...(versionID !== undefined && { version: versionID }),
      ...(name !== undefined && { description: name }),
    },
  ]
}

function packageComponent(one: PackageRow, { layers }: PackagesReport, refs: UniqueName): Component {
  const { manager, name, version, path, layer, purl } = one
  const diffID = layers.find((row) => row.layer === layer)?.diffID
  const properties: Property[] = [
    { name: 'imgtar:manager', value: manager },
    ...(path === undefined ? [] : [{ name: 'imgtar:path', value: path }]),
    { name: 'imgtar:layer', value: `${layer}` },
    ...(diffID === undefined ? [] : [{ name: 'imgtar:layer:diffID', value: diffID }]),
  ]
  const ref = refs(purl ?? `${manager}:${name}@${version}`)
  return { type: 'library', 'bom-ref': ref, name, version, ...(purl !== undefined && { purl }), properties }
}

type UniqueName = (name: string) => string

/** What is installed several times is told apart by a number. */
function uniqueNames(): UniqueName {
  const seen = new Map<string, number>()
  return (name) => {
    const times = (seen.get(name) ?? 0) + 1
    seen.set(name, times)
    return times === 1 ? name : `${name}#${times}`
  }
}
