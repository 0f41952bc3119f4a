import type { Profile, Tolerances } from '../ops/tolerances.js'
import { asIs, flag, value, values } from './arguments.js'
import type { ValuesOf } from './arguments.js'
import { UsageError } from './usage-error.js'

const PROFILE: Profile = 'docker-export'

/** The tolerances that change what a root filesystem is, for diff and rootfs-digest. */
export const ROOTFS_TOLERANCES = {
  'ignore-timestamps': flag('leave out mtimes'),
  ignore: values('leave out paths, as in a .gitignore; may be repeated', 'GLOB', asIs),
  profile: value('docker-export: leave out what docker export adds and loses', 'PROFILE', profile),
} as const

/** Those of diff alone, by the names that diffoci gave them. */
export const DIFF_TOLERANCES = {
  semantic: flag('all of the following, but for --ignore and --profile'),
  ...ROOTFS_TOLERANCES,
  'ignore-timestamps': flag('leave out mtimes, and the created times of config and history'),
  'ignore-file-timestamps': flag('leave out mtimes only'),
  'ignore-image-timestamps': flag('leave out the created times of config and history only'),
  'ignore-file-order': flag('layers may hold their entries in another order'),
  'ignore-file-mode-redundant-bits': flag('mode bits beyond 07777 never count; taken for the sake of scripts'),
  'ignore-history': flag('leave out the history'),
  'ignore-image-name': flag('leave out names'),
  'ignore-tar-format': flag('layers may be written in another tar format'),
  'treat-canonical-paths-equal': flag('./a and a are always the same; taken for the sake of scripts'),
} as const

function profile(text: string, name: string): Profile {
  if (text === PROFILE) return PROFILE
  throw new UsageError(`--${name} is ${PROFILE}, not '${text}'`)
}

/** The tolerances of a root filesystem that were asked for. */
export function rootfsTolerances(options: ValuesOf<typeof ROOTFS_TOLERANCES>): Tolerances {
  return {
    fileTimestamps: options['ignore-timestamps'],
    ignore: options.ignore,
    ...(options.profile !== undefined && { profile: options.profile }),
  }
}

/** The tolerances of a diff that were asked for. */
export function diffTolerances(options: ValuesOf<typeof DIFF_TOLERANCES>): Tolerances {
  const { semantic } = options
  const both = semantic || options['ignore-timestamps']
  return {
    ...rootfsTolerances(options),
    fileTimestamps: both || options['ignore-file-timestamps'],
    imageTimestamps: both || options['ignore-image-timestamps'],
    fileOrder: semantic || options['ignore-file-order'],
    history: semantic || options['ignore-history'],
    imageName: semantic || options['ignore-image-name'],
    tarFormat: semantic || options['ignore-tar-format'],
  }
}
