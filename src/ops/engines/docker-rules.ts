import type { Dialect } from './untar.js'

/** What tells versions of dockerd with a graph driver apart (FORMATS 2.1 to 2.3, appendix C). */
export interface DockerRules {
  /** Since 23. */
  readonly zstd: boolean
  /** 20.10 takes a manifest of `null` for an empty one. */
  readonly nullManifest: 'taken' | 'refused'
  /** 20.10 stops where unpigz finds a wrong CRC. */
  readonly checksum: 'ignored' | 'refused'
  /** 20.10 panics on an os other than linux and windows. */
  readonly foreignOS: 'panic' | 'refused'
  readonly driver: 'overlay2' | 'vfs'
  readonly dialect: Dialect
  /** Since 23 what the extraction says comes as it is. */
  readonly wraps: boolean
  /** Whether manifest.json is a must: 29 knows v1 archives no more. */
  readonly v1: boolean
}

const modern: DockerRules = {
  zstd: true,
  nullManifest: 'refused',
  checksum: 'ignored',
  foreignOS: 'refused',
  driver: 'overlay2',
  dialect: 'chroot',
  wraps: false,
  v1: true,
}

const old: DockerRules = {
  ...modern,
  zstd: false,
  nullManifest: 'taken',
  checksum: 'refused',
  foreignOS: 'panic',
  wraps: true,
}

/** Rules by engine id. */
export const DOCKER_RULES = {
  'docker-20': old,
  'docker-20-vfs': { ...old, driver: 'vfs' },
  'docker-26': modern,
  'docker-28': { ...modern, dialect: 'chroot-28' },
  'docker-28-debian': { ...modern, dialect: 'root' },
} as const satisfies Readonly<Record<string, DockerRules>>

/** What 20.10 puts around a message of the extraction, which it left to a process of its own. */
export function untarWords(rules: DockerRules, message: string, from: 'archive' | 'layer'): string {
  if (!rules.wraps) return message
  const isDuplicate = message.startsWith('duplicates of')
  if (from === 'layer' && rules.driver === 'vfs') {
    return isDuplicate
      ? `ApplyLayer ${message} stdout:  stderr: `
      : `ApplyLayer exit status 1 stdout:  stderr: ${message}`
  }
  return isDuplicate
    ? `Error processing tar file(${message}): `
    : `Error processing tar file(exit status 1): ${message}`
}

/** What a compressed stream that breaks is called: by Go's own gzip up to 20.10, by unpigz later. */
export function brokenWords(rules: DockerRules, compression: string): string {
  if (compression !== 'gzip' || rules.wraps) return 'unexpected EOF'
  return 'exit status 1: unpigz: skipping: <stdin>: corrupted -- incomplete deflate data'
}
