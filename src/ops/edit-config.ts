import { ArchiveError, HINTS } from '../errors.js'
import { imageConfig, type ImageConfig } from '../model/config.js'
import { historyEntry } from '../model/derived-config.js'
import { goEscape, goObject, goString, goTime, rawMembers } from '../model/go-json.js'
import type { Image } from '../model/image.js'
import { documentText, membersOf, parseJson, type RawJson } from '../model/json.js'
import { applyChanges, type ChangedConfig } from './dockerfile/changes.js'

/** What is to change in what containers of an image start with. */
export interface ConfigEdits {
  /** `NAME=value`. */
  readonly env: readonly string[]
  readonly unsetEnv: readonly string[]
  /** `name=value`, or `name` for the empty value. */
  readonly labels: readonly string[]
  readonly unsetLabels: readonly string[]
  /** JSON array or a command for the shell; the empty text takes it away. */
  readonly cmd?: string
  readonly entrypoint?: string
  readonly user?: string
  readonly workdir?: string
  /** Dockerfile instructions, applied last. */
  readonly changes: readonly string[]
  /** RFC 3339: an edit like any other. */
  readonly created?: string
  /** RFC 3339: what else becomes of the image is from this time; where nothing does, it keeps its own. */
  readonly editedAt?: string
  /** What the history says made the change. */
  readonly createdBy: string
}

/**
 * Images of which the chosen ones have another config: only what the edits name is touched, all other members keep their
 * order and value. The history gets a step without layer where there is a history. Errors: ERR_USAGE for a change that
 * makes no sense, and where none changes anything; ERR_NOT_FOUND for a variable or label to take away that is not there, and
 * for a config that is lost.
 */
export function withEditedConfigs(
  images: readonly Image[],
  chosen: ReadonlySet<Image>,
  edits: ConfigEdits,
): readonly Image[] {
  refuseUnknown([...chosen], edits)
  const next = images.map((image) => (chosen.has(image) ? withEditedConfig(image, edits) : image))
  if (next.some((image, index) => image !== images[index])) return next
  throw new ArchiveError('ERR_USAGE', 'there is nothing to change: the config is as it should be')
}

function refuseUnknown(images: readonly Image[], { unsetEnv, unsetLabels }: ConfigEdits): void {
  const configs = images.flatMap((image) => documentOf(image).value.config ?? [])
  const variables = new Set(configs.flatMap(({ Env }) => Env ?? []).map(nameOf))
  const labelNames = new Set(configs.flatMap(({ Labels }) => [...(Labels?.keys() ?? [])]))
  for (const name of unsetEnv) if (!variables.has(name)) throw notThere('variable', name, variables)
  for (const name of unsetLabels) if (!labelNames.has(name)) throw notThere('label', name, labelNames)
}

function notThere(what: string, name: string, names: ReadonlySet<string>): ArchiveError {
  const there = [...names].slice(0, 10).join(', ')
  return new ArchiveError('ERR_NOT_FOUND', `there is no ${what} ${name} to take away`, {
    hint: there === '' ? `the image has no ${what}` : `the image has ${there}`,
  })
}

/** The config of an image; one that is made of its layers has no diffIDs yet. Errors: ERR_NOT_FOUND where it is lost. */
function documentOf({ configSource }: Image): RawJson<ImageConfig> {
  switch (configSource.kind) {
    case 'stored':
      return configSource.document
    case 'derived':
      return configSource.make([])
    case 'absent':
      throw new ArchiveError('ERR_NOT_FOUND', 'the config of the image is lost', {
        location: configSource.path,
        hint: HINTS.damaged,
      })
  }
}

/** An image with another config; the same image where the edits change nothing. */
function withEditedConfig(image: Image, edits: ConfigEdits): Image {
  const { configSource } = image
  const document = edited(documentOf(image), edits)
  if (document === undefined) return image
  switch (configSource.kind) {
    case 'stored':
      return { ...image, config: document.value, manifest: undefined, configSource: { ...configSource, document } }
    case 'derived': {
      const make: typeof configSource.make = (diffIDs) => {
        const own = configSource.make(diffIDs)
        return edited(own, edits) ?? own
      }
      return { ...image, configSource: { kind: 'derived', make } }
    }
    case 'absent':
      return image
  }
}

/** The document with the edits; undefined where they change nothing. */
function edited(document: RawJson<ImageConfig>, edits: ConfigEdits): RawJson<ImageConfig> | undefined {
  const { value, location } = document
  const members = new Map(rawMembers(documentText(document)))
  const before: ChangedConfig = membersOf(JSON.parse(members.get('config') ?? '{}'))
  const after = JSON.stringify(containerConfigOf(before, edits))
  const isSame = after === JSON.stringify(before)
  const isSameTime = edits.created === undefined || edits.created === value.created
  if (isSame && isSameTime) return undefined
  if (!isSame) members.set('config', goEscape(after))
  const created = edits.created ?? edits.editedAt ?? value.created
  if (created !== value.created) members.set('created', goString(goTime(created)))
  if (value.history !== undefined && value.history.length > 0) {
    const step = historyEntry({ created, createdBy: edits.createdBy, emptyLayer: true })
    members.set('history', `${(members.get('history') ?? '[]').slice(0, -1)},${step}]`)
  }
  return parseJson(new TextEncoder().encode(goObject(members)), imageConfig, location)
}

function containerConfigOf(config: ChangedConfig, edits: ConfigEdits): ChangedConfig {
  const next: ChangedConfig = {
    ...config,
    ...((edits.env.length > 0 || edits.unsetEnv.length > 0) && { Env: environment(config.Env ?? [], edits) }),
    ...((edits.labels.length > 0 || edits.unsetLabels.length > 0) && { Labels: labels(config.Labels ?? {}, edits) }),
    ...(edits.user !== undefined && { User: edits.user }),
    ...(edits.workdir !== undefined && { WorkingDir: edits.workdir }),
  }
  setCommand(next, 'Cmd', edits.cmd)
  setCommand(next, 'Entrypoint', edits.entrypoint)
  return applyChanges(next, edits.changes)
}

function nameOf(pair: string): string {
  const at = pair.indexOf('=')
  return at < 0 ? pair : pair.slice(0, at)
}

/** Variables keep their place; new ones come last. */
function environment(before: readonly string[], { env, unsetEnv }: ConfigEdits): readonly string[] {
  const kept = new Map(before.map((pair) => [nameOf(pair), pair]))
  for (const name of unsetEnv) kept.delete(name)
  for (const pair of env) kept.set(nameOf(pair), pair)
  return [...kept.values()]
}

function labels(before: Record<string, string>, edits: ConfigEdits): Record<string, string> {
  const kept = new Map(Object.entries(before))
  for (const name of edits.unsetLabels) kept.delete(name)
  for (const pair of edits.labels) kept.set(nameOf(pair), pair.slice(nameOf(pair).length + 1))
  return Object.fromEntries(kept)
}

function setCommand(config: ChangedConfig, field: 'Cmd' | 'Entrypoint', text: string | undefined): void {
  if (text === undefined) return
  if (text === '') Reflect.deleteProperty(config, field)
  // docker's CMD says how a text becomes words; it stands in for either, since ENTRYPOINT would take Cmd away.
  else config[field] = applyChanges({ ...config }, [`CMD ${text.replaceAll('\n', ' ')}`]).Cmd ?? []
}
