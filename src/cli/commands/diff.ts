import { asIs, flag, value } from '../arguments.js'
import { openOperand } from '../archives.js'
import { defineCommand } from '../command.js'
import { DIFF_TOLERANCES, diffTolerances } from '../diff-options.js'
import { envelope } from '../envelope.js'
import { reportOption } from '../report-targets.js'

/** `imgtar diff`: what changed between two images. */
export const diff = defineCommand({
  name: 'diff',
  summary: 'compare two images of any formats: files, config, history, layers, packages',
  positionals: {
    a: { kind: 'one', summary: 'the one image, and which where its archive holds several' },
    b: { kind: 'one', summary: 'the other' },
  },
  options: {
    layers: flag('pair by pair, what differs between layers and why, proved by normalising both'),
    content: value('a unified diff of one file', 'PATH', asIs),
    digest: flag('the digest of each root filesystem, also where over 256 MiB of layers are the same and need no hash'),
    tree: flag('changed files as a tree'),
    report: reportOption(['text', 'json', 'markdown', 'html']),
    markdown: flag('Markdown for a pull request'),
    all: flag('long lists in full'),
    'no-fold': flag('list files of changed packages too'),
    'exit-zero': flag('exit 0 although they differ'),
    ...DIFF_TOLERANCES,
  },
  examples: [
    [
      'imgtar diff app-1.tar app-2.tar',
      'exit code 0 when they are equal, 1 when they differ, 2 when one cannot be read',
    ],
    ['imgtar diff bundle.tar:app:1 bundle.tar:app:2', 'two images of one archive'],
    [
      'imgtar diff app.tar export.tar --profile docker-export',
      'did the export lose anything? what docker adds is left out',
    ],
    ['imgtar diff a.tar oci/ --semantic', 'is it the same image, rebuilt?'],
    [
      'imgtar diff a.tar b.tar --layers',
      'why do the layers differ: compression, tar dialect, order, mtimes, owners, files',
    ],
    ['imgtar diff a.tar b.tar --content /etc/os-release', 'line by line'],
    ['imgtar diff a.tar b.tar --ignore "*.pyc" --ignore /var/cache/', 'paths as in a .gitignore'],
    ['imgtar diff a.tar b.tar --markdown > comment.md', 'for a pull request'],
    ['imgtar diff a.tar b.tar --report html=diff.html', 'a page for people, in one file, and text here'],
  ],
  async run({ operands, options, globals, context }) {
    const [operation, { describeDiff }, { selectImage }] = await Promise.all([
      import('../../ops/diff/index.js'),
      import('../../ops/diff/report.js'),
      import('../../model/select.js'),
    ])
    await using archiveA = await openOperand(operands.a, { globals, context, access: 'random' })
    await using archiveB = await openOperand(operands.b, { globals, context, access: 'random' })
    const a = { archive: archiveA, image: selectImage(archiveA, {}) }
    const b = { archive: archiveB, image: selectImage(archiveB, {}) }
    const found = await operation.diff(
      { archive: archiveA.location, image: a.image },
      { archive: archiveB.location, image: b.image },
      {
        tolerances: diffTolerances(options),
        layers: options.layers,
        digests: options.digest,
        ...(options.content !== undefined && { content: options.content }),
      },
      context,
    )
    const described = describeDiff(found, a, b)
    return {
      // What could not be read is never in order, not even with --exit-zero.
      ...envelope('diff', described.whole && (found.equal || options['exit-zero'])),
      ...described,
      shown: {
        as: options.markdown ? 'markdown' : options.tree ? 'tree' : 'list',
        all: options.all,
        fold: !options['no-fold'],
        layers: options.layers,
      },
    }
  },
})
