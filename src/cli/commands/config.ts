import { asIs, value, values } from '../arguments.js'
import { defineCommand } from '../command.js'
import { sourceDate, timeText } from '../created.js'
import { UsageError } from '../usage-error.js'
import { openWhole } from '../whole-archive.js'
import { WRITE_OPTIONS, writeArchive } from '../write-archive.js'

const EDITS = {
  env: values('set a variable; may be given several times', 'NAME=VALUE', pair),
  'unset-env': values('take a variable away', 'NAME', asIs),
  label: values('set a label; may be given several times', 'NAME[=VALUE]', label),
  'unset-label': values('take a label away', 'NAME', asIs),
  cmd: text("a JSON array, or a command for the shell; '' takes it away", 'CMD'),
  entrypoint: text("a JSON array, or a command for the shell; '' takes it away", 'ENTRYPOINT'),
  user: text('who it runs as', 'USER[:GROUP]'),
  workdir: text('where it starts', 'DIR'),
  change: values('a Dockerfile instruction, as of imgtar import; applied last', 'INSTRUCTION', asIs, 'c'),
} as const

/** `imgtar config`: another config, the same layers. */
export const config = defineCommand({
  name: 'config',
  summary: 'change what containers of an image start with; layers stay, the image ID does not',
  positionals: { archive: { kind: 'one', summary: 'the archive, and which image; the others stay as they are' } },
  options: {
    ...WRITE_OPTIONS,
    ...EDITS,
    created: value(
      'when it was made: RFC 3339 or seconds; default SOURCE_DATE_EPOCH, else as it was',
      'TIME',
      timeText,
    ),
  },
  examples: [
    ['imgtar config app.tar --env LOG=debug --unset-env SECRET -o out.tar', 'variables'],
    ['imgtar config app.tar --cmd \'["/bin/app","-v"]\' --user 1000:1000 -o out.tar', 'what runs, and as whom'],
    ["imgtar config all.tar:web:2 --label version=2 -c 'EXPOSE 8080' -o out.tar", 'one image of several'],
  ],
  async run({ operands, options, globals, context }) {
    const createdBy = commandText(options) || (options.created === undefined ? '' : ` --created ${options.created}`)
    if (createdBy === '') throw new UsageError('there is nothing to change')
    const { withEditedConfigs } = await import('../../ops/edit-config.js')
    await using whole = await openWhole(operands.archive, globals, context)
    const chosen = whole.chosen()
    const editedAt = sourceDate(process.env)
    const edits = {
      env: options.env,
      unsetEnv: options['unset-env'],
      labels: options.label,
      unsetLabels: options['unset-label'],
      changes: options.change,
      createdBy: `imgtar config${createdBy}`,
      ...(options.cmd !== undefined && { cmd: options.cmd }),
      ...(options.entrypoint !== undefined && { entrypoint: options.entrypoint }),
      ...(options.user !== undefined && { user: options.user }),
      ...(options.workdir !== undefined && { workdir: options.workdir }),
      ...(options.created !== undefined && { created: options.created }),
      ...(editedAt !== undefined && { editedAt }),
    }
    const images = withEditedConfigs(whole.archive.images, chosen, edits)
    return await writeArchive({ name: 'config', images, archives: [whole.archive], options }, context)
  },
})

function pair(given: string, name: string): string {
  if (given.indexOf('=') > 0) return given
  throw new UsageError(`--${name} wants NAME=VALUE, not '${given}'`)
}

// As of docker, a name alone has the empty value.
function label(given: string, name: string): string {
  return pair(given.includes('=') ? given : `${given}=`, name)
}

/** A text that may be empty. */
function text(summary: string, placeholder: string): ReturnType<typeof value<string>> {
  const parse = (given: string | boolean | undefined): string | undefined =>
    typeof given === 'string' ? given : undefined
  return { ...value(summary, placeholder, asIs), parse }
}

/** The edits as they were typed, for the history; empty where there are none. */
function commandText(options: Readonly<Record<string, unknown>>): string {
  return Object.keys(EDITS)
    .flatMap((name) => [options[name]].flat().map((given) => (typeof given === 'string' ? ` --${name} ${given}` : '')))
    .join('')
}
