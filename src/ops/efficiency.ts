import type { RunContext } from '../context.js'
import type { Finding } from '../findings.js'
import { findingLog } from '../model/finding-log.js'
import type { Image } from '../model/image.js'
import type { EfficiencyReport } from '../model/report-waste.js'
import { historyOfLayers } from './history-steps.js'
import { nameOf } from './list-rows.js'
import { storedFiles, type StoredFile } from './stored-files.js'

/** Bounds on waste, by the names that dive gave them; what is undefined is not asked for. */
export interface EfficiencyRules {
  /** Share of the stored bytes that the merged tree shows, 0 to 1: less breaks the rule. */
  readonly lowestEfficiency?: number | undefined
  /** Bytes: more breaks the rule. */
  readonly highestWastedBytes?: number | undefined
  /** Wasted bytes over the bytes of all layers but the base, 0 to 1: more breaks the rule. */
  readonly highestUserWastedPercent?: number | undefined
}

/** What the report of an efficiency carries beside its envelope and the archive. */
export type Efficiency = Omit<EfficiencyReport, 'schema' | 'tool' | 'ok' | 'archive' | 'imageID' | 'findings' | 'rules'>

/**
 * How much of what the layers store is to be seen. A content counts as wasted when the merged tree does not show it: one
 * that is still shown is no waste, however many copies of it lie below (dive counts all of them), and a file that was
 * deleted is wasted once.
 */
export async function efficiency(
  image: Image,
  archive: string,
  context: RunContext,
): Promise<Efficiency & { readonly found: readonly Finding[] }> {
  const log = findingLog(archive)
  const files = await storedFiles(image, log, context, { hashed: true })
  const { layers, wasted } = sortedOut(files)
  const [storedBytes, wastedBytes] = [bytesOf(layers, 'storedBytes'), bytesOf(layers, 'wastedBytes')]
  const userBytes = storedBytes - (layers.get(0)?.storedBytes ?? 0)
  const steps = historyOfLayers(image)
  return {
    storedBytes,
    wastedBytes,
    userBytes,
    efficiency: storedBytes === 0 ? 1 : (storedBytes - wastedBytes) / storedBytes,
    userWastedPercent: share(wastedBytes, userBytes),
    layers: image.layers.map(({ index }) => ({
      layer: index,
      ...(layers.get(index) ?? NOTHING),
      ...createdBy(steps[index]?.created_by),
    })),
    paths: pathsOf(wasted),
    found: log.findings,
  }
}

/** Holds an efficiency against rules, in dive's order; a bound that is met exactly is kept, as dive has it. */
export function efficiencyRules(
  { efficiency: ratio, wastedBytes, userWastedPercent }: Efficiency,
  { lowestEfficiency, highestWastedBytes, highestUserWastedPercent }: EfficiencyRules,
): EfficiencyReport['rules'] {
  const rules = [
    { rule: 'lowestEfficiency' as const, limit: lowestEfficiency, value: ratio, sign: 1 },
    { rule: 'highestWastedBytes' as const, limit: highestWastedBytes, value: wastedBytes, sign: -1 },
    { rule: 'highestUserWastedPercent' as const, limit: highestUserWastedPercent, value: userWastedPercent, sign: -1 },
  ]
  return rules.flatMap(({ rule, limit, value, sign }) =>
    limit === undefined ? [] : [{ rule, limit, value, ok: (value - limit) * sign >= 0 }],
  )
}

interface LayerBytes {
  storedBytes: number
  wastedBytes: number
}

const NOTHING: Readonly<LayerBytes> = { storedBytes: 0, wastedBytes: 0 }

interface SortedOut {
  /** By index. */
  readonly layers: ReadonlyMap<number, Readonly<LayerBytes>>
  readonly wasted: readonly StoredFile[]
}

/** Of what is visible only the bytes are kept: that is most of all there is. */
function sortedOut(files: Iterable<StoredFile>): SortedOut {
  const layers = new Map<number, LayerBytes>()
  const wasted: StoredFile[] = []
  for (const file of files) {
    const bytes = layers.get(file.layer) ?? { ...NOTHING }
    layers.set(file.layer, bytes)
    bytes.storedBytes += file.size
    if (file.fate === 'visible') continue
    bytes.wastedBytes += file.size
    wasted.push(file)
  }
  return { layers, wasted }
}

function bytesOf(layers: SortedOut['layers'], key: keyof LayerBytes): number {
  return [...layers.values()].reduce((total, bytes) => total + bytes[key], 0)
}

function pathsOf(wasted: readonly StoredFile[]): Efficiency['paths'] {
  const byPath = new Map<string, StoredFile[]>()
  for (const file of wasted) {
    const others = byPath.get(file.path)
    if (others === undefined) byPath.set(file.path, [file])
    else others.push(file)
  }
  const rows = [...byPath].map(([path, files]) => ({
    ...nameOf(path),
    wastedBytes: sum(files),
    copies: files.map(({ layer, size, fate, hiddenBy }) => ({ layer, size, fate, hiddenBy: hiddenBy ?? null })),
  }))
  return rows.sort((a, b) => b.wastedBytes - a.wastedBytes || (a.path < b.path ? -1 : 1))
}

// Nothing wasted is no share of nothing; waste without a user layer (in the base itself) is all there can be.
function share(part: number, whole: number): number {
  if (whole === 0) return part === 0 ? 0 : 1
  return part / whole
}

function sum(files: readonly StoredFile[]): number {
  return files.reduce((total, { size }) => total + size, 0)
}

function createdBy(text: string | undefined): { createdBy?: string } {
  return text === undefined ? {} : { createdBy: text }
}
