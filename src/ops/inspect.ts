import type { Compression } from '../bytes/compression.js'
import type { RunContext } from '../context.js'
import type { Image, ImageArchive, Layer } from '../model/image.js'
import { documentText } from '../model/json.js'
import type { InspectReport } from '../model/report.js'
import { describeFinding, describeImage } from './describe.js'
import { identify } from './identity.js'
import { measure, UNMEASURED, type Measurements } from './measure.js'
import { sniffLayers, type SniffedLayers } from './sniff.js'
import { compare } from './verify.js'

/** What to inspect beyond what the documents say. */
export interface InspectOptions {
  /** Reads all layers and proves the claims; images without config are measured anyway, they have no ID otherwise. */
  readonly measure?: boolean
}

/** What the report of an inspection carries beside its envelope. */
export type Inspection = Pick<InspectReport, 'archive' | 'format' | 'images' | 'findings'>

/** Everything an archive says of its images, and what each claim was checked against. */
export async function inspect(
  archive: ImageArchive,
  options: InspectOptions,
  context: RunContext,
): Promise<Inspection> {
  const { images } = archive
  const needsBytes = images.some((image) => image.configSource.kind === 'derived')
  const measurements = options.measure === true || needsBytes ? await measure(archive, context) : UNMEASURED
  const sniffed = await sniffLayers(
    images.flatMap((image) => image.layers),
    measurements,
  )
  const findings = options.measure === true ? compare(archive, measurements).findings : archive.findings
  return {
    archive: archive.location,
    format: archive.format,
    images: images.map((image) => inspectImage(image, measurements, sniffed)),
    findings: findings.map(describeFinding),
  }
}

function inspectImage(image: Image, measurements: Measurements, sniffed: SniffedLayers): Inspection['images'][number] {
  const described = describeImage(image, measurements, sniffed)
  const { config } = identify(image, measurements)
  const parsed: unknown = config === undefined ? null : JSON.parse(documentText(config))
  return {
    ...described,
    layers: described.layers.map((layer, at) => ({
      ...layer,
      checked: checkedLayer(image, image.layers[at], measurements, layer.compression),
    })),
    checked: checkedImage(image),
    config: parsed,
    attachments: [...image.attachments],
  }
}

function checkedImage({ configSource, manifest }: Image): string[] {
  const lines = [checkedConfig(configSource)]
  if (manifest !== undefined) lines.push(`digest: sha256 of the ${manifest.bytes.length} bytes of ${manifest.location}`)
  return lines
}

function checkedConfig(source: Image['configSource']): string {
  switch (source.kind) {
    case 'stored':
      return `imageID: sha256 of the ${source.document.bytes.length} bytes of ${source.path}`
    case 'derived':
      return 'imageID: sha256 of the config that docker would make when it loads this archive'
    case 'absent':
      return `imageID: unknown, ${source.path} cannot be read`
  }
}

function checkedLayer(
  image: Image,
  layer: Layer | undefined,
  measurements: Measurements,
  compression: Compression | undefined,
): string[] {
  if (layer === undefined) return []
  const measured = measurements.of(layer)
  const { claims, index } = layer
  const lines: string[] = []
  const compared = (what: string, claimed: string, actual: string | undefined) => {
    const verdict =
      measured === undefined
        ? 'not measured'
        : actual === claimed
          ? 'measured, agrees'
          : `measured, differs: ${actual ?? 'unreadable'}`
    lines.push(`${what}: ${verdict}`)
  }
  if (claims.diffID !== undefined)
    compared(`diffID from config.rootfs.diff_ids[${index}]`, claims.diffID, measured?.diffID)
  else if (measured?.diffID !== undefined) lines.push('diffID: measured, nothing claims it')
  if (claims.digest !== undefined) {
    const actual = claims.digest.startsWith('sha512:') ? measured?.sha512 : measured?.digest
    compared(`digest from ${image.manifest === undefined ? 'the path' : 'the manifest'}`, claims.digest, actual)
  }
  if (claims.size !== undefined) {
    const actual = measured?.size ?? layer.blob?.size
    lines.push(`size from the descriptor: ${actual === claims.size ? 'agrees' : `differs: ${actual ?? 'missing'}`}`)
  }
  if (claims.mediaType !== undefined)
    lines.push(`mediaType from the descriptor; the bytes are ${compression ?? 'missing'}`)
  return lines
}
