import { isObject, listAt, textFrom, valueOf } from './docker-config.js'
import { decodeWhole } from './go-syntax.js'
import { bytes, listOf, mapOf, misfit, struct, text, whole } from './go-types.js'

/** A descriptor as loaders read it: nothing of it is checked. */
export interface OciDescriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly annotations: ReadonlyMap<string, string>
  readonly urls?: readonly string[]
  /** The blob itself, in base64. */
  readonly data?: string
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant: string }
}

const platformType = struct('Platform', {
  architecture: text,
  os: text,
  'os.version': text,
  'os.features': listOf(text),
  variant: text,
})
const descriptorType = struct('Descriptor', {
  mediaType: text,
  digest: text,
  size: whole,
  urls: listOf(text),
  annotations: mapOf(text),
  data: bytes,
  platform: platformType,
})
const documentType = struct('Manifest', {
  schemaVersion: whole,
  mediaType: text,
  config: descriptorType,
  layers: listOf(descriptorType),
  manifests: listOf(descriptorType),
  annotations: mapOf(text),
})

/** Whether Go programs take a document of that type for an image manifest: parameters make it another type. */
export function isManifest(mediaType: string): boolean {
  return /^application\/vnd\.(?:oci\.image\.manifest\.v1|docker\.distribution\.manifest\.v2)\+json$/.test(mediaType)
}

/** Whether they take it for an index. */
export function isIndex(mediaType: string): boolean {
  return /^application\/vnd\.(?:oci\.image\.index\.v1|docker\.distribution\.manifest\.list\.v2)\+json$/.test(mediaType)
}

/** The descriptors that a document lists under a key, or why a Go program cannot read it. */
export function readDescriptors(
  document: Uint8Array,
  key: 'manifests' | 'layers',
  decode = decodeWhole,
): { readonly descriptors: readonly OciDescriptor[] } | { readonly fault: string } {
  const decoded = decode(document)
  return 'fault' in decoded ? decoded : descriptorsIn(decoded.value, key)
}

function descriptorsIn(value: unknown, key: 'manifests' | 'layers'): ReturnType<typeof readDescriptors> {
  const fault = misfit(value, documentType)
  return fault === undefined ? { descriptors: listAt(value, key).map(descriptorOf) } : { fault }
}

/** What an image manifest leads to. */
export interface ImageDocuments {
  readonly config: OciDescriptor
  readonly layers: readonly OciDescriptor[]
}

/** Config and layers of an image manifest, or why a Go program cannot read it. */
export function readManifest(document: Uint8Array): ImageDocuments | string {
  const decoded = decodeWhole(document)
  if ('fault' in decoded) return decoded.fault
  const read = descriptorsIn(decoded.value, 'layers')
  if ('fault' in read) return read.fault
  return { config: descriptorOf(valueOf(decoded.value, 'config')), layers: read.descriptors }
}

/** A descriptor of a document that was parsed already. */
function descriptorOf(value: unknown): OciDescriptor {
  const size = valueOf(value, 'size')
  const annotations = valueOf(value, 'annotations')
  const platform = valueOf(value, 'platform')
  const data = textFrom(valueOf(value, 'data'))
  const urls = listAt(value, 'urls').map(textFrom)
  return {
    mediaType: textFrom(valueOf(value, 'mediaType')),
    digest: textFrom(valueOf(value, 'digest')),
    size: typeof size === 'number' ? size : 0,
    annotations: new Map(
      isObject(annotations) ? Object.entries(annotations).map(([key, one]) => [key, textFrom(one)]) : [],
    ),
    ...(urls.length > 0 && { urls }),
    ...(data !== '' && { data }),
    ...(isObject(platform) && {
      platform: {
        os: textFrom(valueOf(platform, 'os')),
        architecture: textFrom(valueOf(platform, 'architecture')),
        variant: textFrom(valueOf(platform, 'variant')),
      },
    }),
  }
}
