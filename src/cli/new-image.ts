import { asIs, value, values } from './arguments.js'
import { sourceDate, timeText } from './created.js'

/** The options of commands that make an image of files. */
export const NEW_IMAGE_OPTIONS = {
  tag: values('a name for the image; may be given several times', 'NAME[:TAG]', asIs, 't'),
  change: values(
    'a Dockerfile instruction, as \'CMD ["/bin/app"]\'; may be given several times',
    'INSTRUCTION',
    asIs,
    'c',
  ),
  created: value('when it was made: RFC 3339 or seconds; default SOURCE_DATE_EPOCH, else now', 'TIME', timeText),
} as const

/** When a new image was made: as `--created` says, or SOURCE_DATE_EPOCH, or now; RFC 3339. Errors: UsageError. */
export function createdAt(created: string | undefined): string {
  return created ?? sourceDate(process.env) ?? new Date().toISOString()
}
