import { z } from 'zod'
import { envelope, findingSchema } from './report-parts.js'

const skipped = z.object({
  path: z.string().describe('absolute; with U+FFFD where the name is not UTF-8'),
  what: z
    .enum(['char', 'block', 'fifo', 'symlink', 'xattr', 'owner', 'setid'])
    .describe('what of the file is not there: it itself, an attribute, its owner, its setuid and setgid bits'),
  detail: z.string().describe('major,minor; the name of the attribute; uid:gid; the mode'),
})

const files = <Name extends string>(name: Name) =>
  z.object({
    ...envelope(name),
    archive: z.string().describe('as named on the command line'),
    output: z.object({
      path: z.string().describe('as named on the command line; - is standard output'),
      kind: z.enum(['tar', 'directory']),
      size: z.number().describe('bytes of the tar, or of the contents of all files'),
      written: z.boolean().describe('false with --dry-run'),
      list: z
        .string()
        .optional()
        .describe('the file with this document beside the directory, where something is skipped'),
    }),
    entries: z.number().describe('names, those of hard links too'),
    skipped: z.array(skipped).describe('what could not be put into a directory'),
    findings: z.array(findingSchema).describe('what was odd about the archive and the layers'),
  })

/** What every command that writes the files of an image answers with `--json`. */
export const FILES_SCHEMAS = { export: files('export'), extract: files('extract') } as const

/** The report of a command that writes the files of an image. */
export type FilesReport = z.output<(typeof FILES_SCHEMAS)[keyof typeof FILES_SCHEMAS]>
