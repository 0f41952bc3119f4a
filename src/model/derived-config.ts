import type { DiffID } from '../bytes/digest.js'
import { imageConfig, v1Image, type ImageConfig, type V1Image } from './config.js'
import { byBytes, goList, goObject, goString, goTime, rawMembers } from './go-json.js'
import { encodeContainerConfig, encodeV1Image } from './go-struct.js'
import { documentText, parseJson, type RawJson } from './json.js'
import type { Platform } from './platform.js'

const encoder = new TextEncoder()

/** One image of a v1 chain: its parsed JSON and the text it came from. */
export interface V1Document {
  readonly value: V1Image
  readonly text: string
}

/** Keys of a v1 image that its config does not take over (moby image/v1, MakeConfigFromV1Config). */
const DROPPED = ['id', 'parent', 'Size', 'parent_id', 'layer_id', 'throwaway', 'rootfs', 'history']

/**
 * The config that docker makes of a v1 image when it loads it (FORMATS: identifiers, v1 → v2 config): the top image's
 * JSON with the chain's history and the measured diffIDs. `chain` is base first.
 */
export function configFromV1(
  chain: readonly V1Document[],
  diffIDs: readonly DiffID[],
  location: string,
): RawJson<ImageConfig> {
  const top = chain.at(-1)
  const text = top === undefined ? '{}' : needsRewrite(top.value.docker_version) ? rewritten(top.text) : top.text
  const members = new Map(rawMembers(text))
  for (const key of DROPPED) members.delete(key)
  members.set('rootfs', rootfsOf(diffIDs))
  members.set('history', `[${chain.map(({ value }) => historyOf(value)).join(',')}]`)
  return fromMembers(members, location)
}

function fromMembers(members: ReadonlyMap<string, string>, location: string): RawJson<ImageConfig> {
  const sorted = [...members].sort(([a], [b]) => byBytes(a, b))
  return parseJson(encoder.encode(goObject(sorted)), imageConfig, location)
}

// Before 1.8.3 docker wrote v1 JSON with fields left out; it is decoded and encoded once to fill them.
function needsRewrite(version: string | undefined): boolean {
  const [major = 0, minor = 0, patch = 0] = (version ?? '').split(/[.-]/).map((part) => Number.parseInt(part, 10) || 0)
  return major * 1e6 + minor * 1e3 + patch < 1_008_003
}

function rewritten(text: string): string {
  const value: unknown = JSON.parse(text)
  return encodeV1Image(value)
}

function historyOf(image: V1Image): string {
  const createdBy = image.container_config?.Cmd?.join(' ') ?? ''
  return historyEntry({ created: image.created, author: image.author, createdBy, comment: image.comment })
}

/** The parts of a history entry; empty ones are left out as Go's omitempty does. */
export interface HistoryParts {
  readonly created: string | undefined
  readonly author?: string | undefined
  readonly createdBy?: string | undefined
  readonly comment?: string | undefined
  readonly emptyLayer?: boolean
}

/** A history entry as docker writes it. */
export function historyEntry(parts: HistoryParts): string {
  const members: [string, string][] = [['created', goString(goTime(parts.created))]]
  for (const [key, value] of [
    ['author', parts.author],
    ['created_by', parts.createdBy],
    ['comment', parts.comment],
  ] as const) {
    if (value !== undefined && value !== '') members.push([key, goString(value)])
  }
  if (parts.emptyLayer === true) members.push(['empty_layer', 'true'])
  return goObject(members)
}

/** The rootfs object of a config. */
export function rootfsOf(diffIDs: readonly DiffID[]): string {
  return `{"type":"layers","diff_ids":${goList(diffIDs)}}`
}

/** What a root filesystem needs to become an image. */
export interface ImportConfig {
  readonly platform: Platform
  /** RFC 3339. */
  readonly created: string
  readonly comment: string
  /** Fields of the container config, as docker's JSON has them. */
  readonly config?: unknown
}

/** The config that `docker import` of 20.10 gives a root filesystem with that one layer. */
export function configForImport(
  options: ImportConfig,
  diffIDs: readonly DiffID[],
  location: string,
): RawJson<ImageConfig> {
  const { platform, created, comment } = options
  const members = new Map([
    ['architecture', goString(platform.architecture)],
    ['comment', goString(comment)],
    ['config', encodeContainerConfig(options.config)],
    ['container_config', encodeContainerConfig(undefined)],
    ['created', goString(goTime(created))],
    ['history', `[${historyEntry({ created, comment })}]`],
    ['os', goString(platform.os)],
    ['rootfs', rootfsOf(diffIDs)],
  ])
  if (platform.variant !== undefined) members.set('variant', goString(platform.variant))
  return fromMembers(members, location)
}

/** The config of a v1 chain without its rootfs, for what can be told before a layer was measured. */
export function draftFromV1(chain: readonly V1Document[], location: string): ImageConfig {
  return configFromV1(chain, [], location).value
}

/** Parses the JSON of a v1 image. Errors: ERR_JSON, ERR_DOCUMENT. */
export function parseV1(bytes: Uint8Array, location: string): V1Document {
  const document = parseJson(bytes, v1Image, location)
  return { value: document.value, text: documentText(document) }
}
