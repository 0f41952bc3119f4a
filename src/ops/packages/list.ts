import type { RunContext } from '../../context.js'
import type { Finding } from '../../findings.js'
import { findingLog } from '../../model/finding-log.js'
import type { Image, Layer } from '../../model/image.js'
import type { Distro, PackageRow, PackagesReport } from '../../model/report-packages.js'
import { mergedTree } from '../../tree/merged.js'
import type { Located, Tree } from '../../tree/tree.js'
import { historyOfLayers } from '../history-steps.js'
import { readable } from '../list-rows.js'
import { databaseHistory, type DatabaseHistory, type DatedPackage } from './history.js'
import { PACKAGE_READERS, readDatabases } from './installed.js'
import { osReleaseIn, readOSRelease } from './os-release.js'
import type { Manager, Package } from './package.js'
import { purlOf } from './purl.js'

/** What to list. */
export interface PackagesOptions {
  /** As the user named it, for findings. */
  readonly archive: string
  /** Those of the image up to one, for the packages as of that one; all unless given. */
  readonly layers?: readonly Layer[]
  /** Packages of these managers; all unless given. */
  readonly managers?: readonly Manager[]
}

/** What the report carries beside its envelope and the image. */
export type Packages = Pick<PackagesReport, 'distro' | 'layers' | 'packages' | 'unread'> & {
  readonly found: readonly Finding[]
}

/**
 * The packages that are installed in an image, by the databases of dpkg, apk, rpm, Python and npm in its merged files, each
 * with the layer from which on it is there in that version. A layer that is missing or broken is a finding, and what could
 * be read is listed. Errors: those of mergedTree and readFiles.
 */
export async function packagesIn(image: Image, options: PackagesOptions, context: RunContext): Promise<Packages> {
  const { archive, layers = image.layers, managers } = options
  const log = findingLog(archive)
  const history = databaseHistory(managers)
  const tree = await mergedTree(layers, log, context, { applied: ({ index }, now) => history.see(index, now) })
  const { rows, unread, distro } = await readRows({ tree, layers, history }, context)
  return { distro, layers: layerRows(image, layers, rows), packages: rows.sort(inOrder), unread, found: log.findings }
}

interface Reading {
  readonly tree: Tree
  readonly layers: readonly Layer[]
  readonly history: DatabaseHistory
}

interface Rows {
  readonly rows: PackageRow[]
  readonly unread: string[]
  readonly distro: Distro | null
}

async function readRows({ tree, layers, history }: Reading, context: RunContext): Promise<Rows> {
  let distro: Distro | null = null
  const osRelease = osReleaseIn(tree)
  const also = new Map(osRelease && [[osRelease, (content: Uint8Array) => void (distro = readOSRelease(content))]])
  const dated = history.of(tree)
  const rows: PackageRow[] = []
  const onPackages = (file: Located, packages: Iterable<Package>): void => {
    for (const one of dated.date(file, packages)) rows.push(rowOf(one))
  }
  const unsupported = await readDatabases({ layers, databases: dated.files, onPackages, also }, context)
  const unread = unsupported.filter((file) => dated.isLast(file)).map(({ path }) => readable(`/${path}`))
  return { rows: rows.map((row) => withPurl(row, distro)), unread: unread.sort(), distro }
}

function rowOf({ manager, name, version, architecture, path, layer }: DatedPackage): PackageRow {
  return {
    manager,
    name,
    version,
    ...(architecture !== undefined && architecture !== '' && { architecture }),
    ...(path !== undefined && { path: readable(`/${path}`) }),
    layer,
  }
}

function withPurl(row: PackageRow, distro: Distro | null): PackageRow {
  const purl = purlOf(row, distro)
  return { ...row, ...(purl !== undefined && { purl }) }
}

function layerRows(image: Image, layers: readonly Layer[], rows: readonly PackageRow[]): PackagesReport['layers'] {
  const steps = historyOfLayers(image)
  const counts = new Map<number, number>()
  for (const { layer } of rows) counts.set(layer, (counts.get(layer) ?? 0) + 1)
  return layers.map(({ index, claims }) => {
    const createdBy = steps[index]?.created_by
    return {
      layer: index,
      ...(claims.diffID !== undefined && { diffID: claims.diffID }),
      ...(createdBy !== undefined && { createdBy }),
      packages: counts.get(index) ?? 0,
    }
  })
}

const ORDER = new Map(PACKAGE_READERS.map(({ manager }, index) => [manager, index]))

function inOrder(a: PackageRow, b: PackageRow): number {
  const managers = (ORDER.get(a.manager) ?? 0) - (ORDER.get(b.manager) ?? 0)
  return (
    managers ||
    compare(a.name, b.name) ||
    compare(a.version, b.version) ||
    compare(a.architecture, b.architecture) ||
    compare(a.path, b.path)
  )
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0
}
