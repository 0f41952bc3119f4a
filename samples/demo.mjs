// npm run demo: the commands of the README on the samples, as a user would type them. Fails when an exit code is not the
// one that is promised: 0 whole or equal, 1 faults or differences found, 2 could not be read.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const made = mkdtempSync(join(tmpdir(), 'imgtar-demo-'))
const output = (name) => join(made, name)
const WHOLE = [
  'app.tar',
  'app-2.tar',
  'bundle.tar',
  'app-hybrid.tar',
  'app-containerd.tar',
  'app-skopeo.tar',
  'app-podman.tar',
  'app-oci.tar',
  'app-zstd.tar',
  'app.oci',
  'app.tar.gz',
  'busybox.tar',
]

/** Each step: what it shows, the exit code that is right, the arguments, and a file for stdin. */
const STEPS = [
  ['Every engine’s archives, proved: layers, blobs, configs and documents.', 0, ['verify', ...WHOLE.map(sample)]],
  ['No digest in it to check against: read to the end, and said so.', 0, ['verify', sample('app-export.tar')]],
  ['What is inside, without a daemon.', 0, ['inspect', sample('app.tar')]],
  [
    'As `docker images` would print it.',
    0,
    ['images', sample('bundle.tar'), sample('app-oci.tar'), sample('app-v1.tar')],
  ],
  ['As `docker history` would print it.', 0, ['history', sample('app.tar')]],
  ['The merged tree, whiteouts applied.', 0, ['ls', sample('app.tar'), '/usr']],
  ['One layer as stored, whiteouts shown.', 0, ['ls', '--layer', '1', sample('app.tar')]],
  ['A docker export is a root file system.', 0, ['ls', sample('app-export.tar'), '/srv/app']],
  ['One image of a bundle, picked by name.', 0, ['history', `${sample('bundle.tar')}:example/app:2`]],
  ['From a pipe, in one pass.', 0, ['verify', '-'], 'app.tar'],
  ['One letter of one file was changed: caught.', 1, ['verify', sample('app-damaged.tar')]],
  ['The end is missing: caught, with the place.', 1, ['verify', sample('app-truncated.tar')]],
  ['The same for a program.', 1, ['verify', '--json', sample('app-damaged.tar')]],
  ['What changed: a package upgrade, and what is really new.', 1, ['diff', sample('app.tar'), sample('app-2.tar')]],
  [
    'Another engine, another format, another compression: the same image.',
    0,
    ['diff', '--semantic', '--ignore-image-name', sample('app.tar'), sample('app-hybrid.tar')],
  ],
  [
    'A docker export becomes an image that loads, with the CMD that export lost.',
    0,
    [
      'import',
      sample('app-export.tar'),
      '-t',
      'restored/app:1',
      '--config-from',
      sample('app.tar'),
      '-o',
      output('restored.tar'),
    ],
  ],
  ['And it is whole.', 0, ['verify', output('restored.tar')]],
  ['The way back: the root filesystem of an image.', 0, ['export', sample('app.tar'), '-o', output('rootfs.tar')]],
  [
    'Two archives in one, loadable everywhere.',
    0,
    ['save', sample('app.tar'), sample('busybox.tar'), '-o', output('both.tar')],
  ],
  [
    'For an air-gapped site that has app:1: only what is new.',
    0,
    ['thin', sample('app-2.tar'), '--base', sample('app.tar'), '-o', output('thin.tar')],
  ],
  ['There, it is whole with what is there already.', 0, ['verify', '--assume', sample('app.tar'), output('thin.tar')]],
  ['What is installed, and since which layer.', 0, ['packages', sample('app-2.tar')]],
  ['Deleted above, still inside.', 0, ['buried', sample('app.tar')]],
  [
    'Now in no layer any more; all else stays, byte for byte.',
    0,
    ['strip', sample('app.tar'), '/var/cache/greet', '/var/tmp/build.log', '-o', output('clean.tar')],
  ],
  [
    'Another build of the same would be the same now, whenever it was made.',
    0,
    ['retime', sample('app.tar'), '--set', '2020-01-01T00:00:00Z', '-o', output('timeless.tar')],
  ],
]

function sample(name) {
  return `samples/${name}`
}

function run([title, expected, args, stdin]) {
  const pipe = stdin === undefined ? '' : ` < ${sample(stdin)}`
  console.log(`\n# ${title}\n$ imgtar ${args.join(' ')}${pipe}`)
  const input = stdin === undefined ? '' : `cat ${sample(stdin)} |`
  // A real pipe, not a file as stdin: the shell only connects them.
  const { status } = spawnSync('sh', ['-c', `${input} "$0" bin/imgtar.mjs "$@"`, process.execPath, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  console.log(`[exit ${status}]`)
  return status === expected ? [] : [`imgtar ${args.join(' ')}${pipe}: exit ${status}, expected ${expected}`]
}

const wrong = STEPS.flatMap(run)
rmSync(made, { recursive: true, force: true })
console.log(wrong.length === 0 ? `\n${STEPS.length} steps, every exit code as promised.` : `\n${wrong.join('\n')}`)
process.exitCode = wrong.length === 0 ? 0 : 1
