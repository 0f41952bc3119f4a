import { digestOf } from '../bytes/digest.js'
import type { ImageConfig } from '../model/config.js'
import { imageConfig } from '../model/config.js'
import type { FindingLog } from '../model/finding-log.js'
import { imageAllowance, type ImageAllowance } from '../model/image-allowance.js'
import type { ConfigSource } from '../model/image.js'
import type { Platform } from '../model/platform.js'
import { findFile, parseOrTell, placeOf, type Reading } from './documents.js'
import { keyOf, type FoundFile } from './files.js'
import { hashInName } from './layers.js'

/** A config as far as it could be read; `config` is empty where it could not. */
export interface ReadConfig {
  readonly source: ConfigSource
  readonly config: ImageConfig
}

/** Reads the config that a document names; every fault is a finding and leaves an image without config. */
export async function readConfig(reading: Reading, name: string): Promise<ReadConfig> {
  const file = await findFile(reading, name, 'CONFIG_MISSING')
  return file === undefined ? absent(name) : readConfigFile(reading, file, hashInName(name))
}

/** Reads a config file; `claimed` is the hex that its name or descriptor claims for the sha256 of its bytes. */
export async function readConfigFile(
  reading: Reading,
  file: FoundFile,
  claimed: string | undefined,
): Promise<ReadConfig> {
  const document = await parseOrTell(reading, file, imageConfig, 'CONFIG_INVALID')
  if (document === undefined) {
    await compareUnreadable(reading, file, claimed)
    return absent(file.path)
  }
  compareHash(reading, file, claimed, document.digest)
  return { source: { kind: 'stored', document, ...placeOf(file), path: file.path }, config: document.value }
}

/** A damaged config has the wrong digest as well: both are said. */
async function compareUnreadable(reading: Reading, file: FoundFile, claimed: string | undefined): Promise<void> {
  if (file.measurement !== undefined) {
    compareHash(reading, file, claimed, file.measurement.digest)
    return
  }
  if (file.source.size > reading.context.limits.json) return
  const bytes = await file.source.read({ offset: 0, length: file.source.size })
  compareHash(reading, file, claimed, digestOf(bytes))
}

function compareHash(reading: Reading, file: FoundFile, claimed: string | undefined, actual: string): void {
  if (claimed === undefined || actual === `sha256:${claimed}`) return
  reading.log.add('CONFIG_DIGEST_MISMATCH', `the config ${file.path} does not have the digest that is claimed for it`, {
    ...placeOf(file),
    expected: `sha256:${claimed}`,
    actual,
  })
}

function absent(path: string): ReadConfig {
  return { source: { kind: 'absent', path: keyOf(path) ?? path }, config: {} }
}

/** The platform that a config names; docker takes an empty os as linux. */
export function platformOf(config: ImageConfig): Platform {
  const { os, architecture, variant } = config
  return {
    os: os === undefined || os === '' ? 'linux' : os,
    architecture: architecture === undefined || architecture === '' ? 'unknown' : architecture,
    ...(variant !== undefined && variant !== '' && { variant }),
  }
}

/** How many images and layers are read; that there are more is a finding. `path` is where they are named. */
export function loggedAllowance(log: FindingLog, path?: string): ImageAllowance {
  return imageAllowance((excess) => {
    log.add('LIMIT_REACHED', `${excess}: not all of them are read`, path === undefined ? {} : { path })
  })
}
