import { ArchiveError } from '../errors.js'

/** What an image runs on. */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

const ALIASES: ReadonlyMap<string, string> = new Map([
  ['x86_64', 'amd64'],
  ['x86-64', 'amd64'],
  ['aarch64', 'arm64'],
  ['i386', '386'],
  ['armhf', 'arm'],
])

/** Reads `os/arch[/variant]`. Errors: ERR_REFERENCE. */
export function parsePlatform(text: string): Platform {
  const [os, architecture, variant, ...rest] = text.toLowerCase().split('/')
  if (os === undefined || os === '' || architecture === undefined || architecture === '' || rest.length > 0) {
    throw new ArchiveError('ERR_REFERENCE', `'${text}' is no platform`, {
      hint: 'write os/arch or os/arch/variant, as linux/arm64/v8',
    })
  }
  return { os, architecture: ALIASES.get(architecture) ?? architecture, ...(variant !== undefined && { variant }) }
}

/** `os/arch[/variant]`. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform
  return variant === undefined || variant === '' ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`
}

// containerd/platforms normalises: arm64 is v8, arm is v7, amd64 is v1 where nothing is said.
function normalVariant(platform: Platform): string {
  if (platform.variant !== undefined && platform.variant !== '') return platform.variant
  const defaults: ReadonlyMap<string, string> = new Map([
    ['arm64', 'v8'],
    ['arm', 'v7'],
    ['amd64', 'v1'],
  ])
  return defaults.get(platform.architecture) ?? ''
}

/** Whether an image of platform `offered` is what `wanted` asks for; a wanted platform without variant takes the usual one. */
export function platformMatches(offered: Platform, wanted: Platform): boolean {
  return (
    offered.os === wanted.os &&
    (ALIASES.get(offered.architecture) ?? offered.architecture) === wanted.architecture &&
    normalVariant(offered) === normalVariant(wanted)
  )
}
