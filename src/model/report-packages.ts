import { z } from 'zod'
import { MANAGERS } from './package-managers.js'
import { envelope, findingSchema } from './report-parts.js'

/** `imgtar packages --json`. */
export const packagesSchema = z.object({
  ...envelope('packages'),
  archive: z.string(),
  imageID: z.string().nullable().describe('sha256 of the config; null where the archive has none'),
  names: z.array(z.string()),
  platform: z.string(),
  distro: z
    .object({
      id: z.string().describe('ID: debian'),
      versionID: z.string().optional().describe('VERSION_ID: 12'),
      name: z.string().optional().describe('PRETTY_NAME: Debian GNU/Linux 12 (bookworm)'),
    })
    .nullable()
    .describe('of /etc/os-release; null where the image has none'),
  layers: z.array(
    z.object({
      layer: z.number().describe('index of the layer, base = 0'),
      diffID: z.string().optional().describe('as the config claims it'),
      createdBy: z.string().optional().describe('the step of the history that made it'),
      packages: z.number().describe('how many packages are there from it on'),
    }),
  ),
  packages: z
    .array(
      z.object({
        manager: z.enum(MANAGERS),
        name: z.string(),
        version: z.string().describe('as the manager writes it, with epoch and release'),
        architecture: z.string().optional().describe('for dpkg and rpm'),
        path: z.string().optional().describe('where it is installed, for python and npm'),
        layer: z.number().describe('the layer from which on it is there in that version'),
        purl: z.string().optional().describe('package URL; absent for what has none'),
      }),
    )
    .describe('by manager, name, version, architecture and path'),
  unread: z.array(z.string()).describe('databases that no reader knows: BerkeleyDB of rpm before 4.16'),
  findings: z.array(findingSchema),
})

export type PackagesReport = z.output<typeof packagesSchema>
/** A package in such a report. */
export type PackageRow = PackagesReport['packages'][number]
/** Which Linux it is. */
export type Distro = NonNullable<PackagesReport['distro']>
