import { openOperand } from '../archives.js'
import { flag, value, wholeNumber } from '../arguments.js'
import { defineCommand } from '../command.js'
import { sourceDate, timeText } from '../created.js'
import { UsageError } from '../usage-error.js'
import { WRITE_OPTIONS, writeArchive } from '../write-archive.js'

/** `imgtar retime`: other times in files, history and config. */
export const retime = defineCommand({
  name: 'retime',
  summary: 'give files, history and config other times, so that builds which differ in times alone become one image',
  positionals: { archive: { kind: 'one', summary: 'the archive, and which image where it holds several' } },
  options: {
    ...WRITE_OPTIONS,
    clamp: value(
      'times after this become it, earlier ones stay: RFC 3339 or seconds; default SOURCE_DATE_EPOCH',
      'TIME',
      timeText,
    ),
    set: value('every time becomes this one: RFC 3339 or seconds', 'TIME', timeText),
    from: value('the first layer with other times, those below are kept; 0 (default) is the base', 'N', wholeNumber(0)),
    'forget-builder': flag(
      "take out of the config what docker's builder says of itself: container, container_config, docker_version, Hostname and Image",
    ),
  },
  examples: [
    ['SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) imgtar retime app.tar -o out.tar', 'as the specification wants it'],
    ['imgtar retime app.tar --clamp 2026-01-02T03:04:05Z -o out.tar', 'layers without later times stay as they are'],
    ['imgtar retime app.tar --set 0 --from 2 -o out.tar', 'every time from layer 2 on; the base stays shared'],
    ['imgtar retime app.tar --set 0 --forget-builder -o out.tar', 'two builds by docker become one image'],
  ],
  async run({ operands, options, globals, context }) {
    const wanted = wantedTimes(options)
    const [{ selectImage }, operation] = await Promise.all([
      import('../../model/select.js'),
      import('../../ops/retime.js'),
    ])
    await using archive = await openOperand(operands.archive, { globals, context, access: 'random' })
    const { from = 0, 'forget-builder': forgetBuilder } = options
    const retiming = { archive: archive.location, ...wanted, from, forgetBuilder }
    const { image, retimed, findings } = await operation.retime(selectImage(archive, {}), retiming, context)
    const archives = [{ ...archive, findings: [...archive.findings, ...findings] }]
    const report = await writeArchive({ name: 'retime', images: [image], archives, options }, context)
    return { ...report, retimed }
  },
})

interface Times {
  readonly clamp: string | undefined
  readonly set: string | undefined
}

/** Errors: UsageError for both, and for neither where SOURCE_DATE_EPOCH says none. */
function wantedTimes({ clamp, set }: Times): { readonly to: string; readonly which: 'later' | 'all' } {
  if (clamp !== undefined && set !== undefined) throw new UsageError('--clamp and --set exclude each other')
  if (set !== undefined) return { to: set, which: 'all' }
  const to = clamp ?? sourceDate(process.env)
  if (to === undefined) throw new UsageError('say which time: --clamp TIME, --set TIME or SOURCE_DATE_EPOCH')
  return { to, which: 'later' }
}
