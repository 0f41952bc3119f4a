import { dirname, join } from 'node:path'
import { imgtar, openssl, shell } from './commands.mjs'
import { WRITE_JOBS } from './write-jobs.mjs'

const verify = { name: 'imgtar verify FILE', command: ({ file }) => imgtar('verify', '-q', file) }
const verifyPipe = {
  name: 'cat FILE | imgtar verify -',
  command: ({ file }) => shell('cat "$1" | "$2" "$3" verify -q -', file, ...imgtar()),
}
const catPipe = {
  name: 'cat FILE | openssl dgst -sha256',
  needs: ['openssl'],
  command: ({ file }) => shell('cat "$1" | openssl dgst -sha256', file),
}
const toDirectory = (transport) => ({
  name: `skopeo copy ${transport}: dir:`,
  needs: ['skopeo'],
  slow: true,
  command: ({ file, scratch }) => [
    'skopeo',
    '--insecure-policy',
    'copy',
    '-q',
    `${transport}:${file}`,
    `dir:${join(scratch, 'skopeo')}`,
  ],
})
const crane = {
  name: 'crane validate',
  needs: ['crane'],
  slow: true,
  command: ({ file }) => ['crane', 'validate', '--tarball', file],
}
const dockerLoad = {
  name: 'docker load',
  needs: ['docker'],
  slow: true,
  // The daemon does the work: the memory shown is that of the client. It keeps layers it has, so the image goes first.
  before: ({ file }) =>
    shell('docker image rm -f "imgtar-bench:$(basename "$1" .tar)" >/dev/null 2>&1; docker version >/dev/null', file),
  command: ({ file }) => ['docker', 'load', '-q', '-i', file],
  after: ({ file }) => shell('docker image rm -f "imgtar-bench:$(basename "$1" .tar)"', file),
}

/** Decompresses and hashes one blob after the other, as one would by hand; the outer archive is not even looked at. */
const blobsThrough = (name, program, suffix, prefix = '') => ({
  name,
  needs: [program, 'openssl', ...prefix.split(' ').slice(0, 1)].filter(Boolean),
  command: ({ blobs }) =>
    shell(
      `for blob; do ${prefix} sh -c '${program} -dc "$1" | openssl dgst -sha256' sh "$blob"; done`,
      ...blobs(suffix),
    ),
})

const assemble = {
  name: 'imgtar tar-split assemble',
  command: ({ file, scratch }) =>
    imgtar('tar-split', 'assemble', '-q', file, '--files', filesOf(file), '-o', join(scratch, 'layer.tar')),
}
const realAssemble = {
  name: 'tar-split asm',
  needs: ['tar-split'],
  command: ({ file, scratch }) => {
    return ['tar-split', 'asm', '--input', file, '--path', filesOf(file), '--output', join(scratch, 'layer.tar')]
  },
}
// An output of imgtar is on the disk before it is in its place.
const storedAssemble = {
  name: 'tar-split asm, then sync',
  needs: ['tar-split'],
  command: ({ file, scratch }) =>
    shell(
      'tar-split asm --input "$1" --path "$2" --output "$3" && sync "$3"',
      file,
      filesOf(file),
      join(scratch, 'layer.tar'),
    ),
}
const recover = {
  name: 'imgtar recover ROOT',
  command: ({ file, scratch }) => imgtar('recover', '-q', file, '-o', join(scratch, 'rescued')),
}
const dockerSave = {
  name: 'docker save',
  needs: ['docker'],
  slow: true,
  before: ({ file }) =>
    shell('docker image inspect imgtar-bench:save >/dev/null 2>&1 || docker load -q -i "$1"', saveOf(file)),
  command: ({ scratch }) => ['docker', 'save', '-o', join(scratch, 'saved.tar'), 'imgtar-bench:save'],
}

/** The folder of the files of a layer that was taken apart, and the archive beside a data-root with the same image. */
const filesOf = (sidecar) => join(sidecar, '..', 'files')
const saveOf = (root) => join(root, '..', 'save.tar')

/** The second version of the image beside an input. */
const nextOf = (file) => join(dirname(file), 'next.tar')
// It finds differences: exit code 1 is its answer.
const diff = { name: 'imgtar diff A B', command: ({ file }) => imgtar('diff', '-q', '--exit-zero', file, nextOf(file)) }
const diffOthers = {
  name: 'imgtar diff A B, nothing in common',
  command: ({ file }) => imgtar('diff', '-q', '--exit-zero', file, file.replace(/\.tar$/, '-others.tar')),
}
const unpackBoth = {
  name: 'skopeo, umoci unpack both, diff -r',
  needs: ['skopeo', 'umoci'],
  slow: true,
  command: ({ file, scratch }) => {
    const line = `cd "$3" && for f in "$1" "$2"; do n=$(basename "$f" .tar)
      skopeo --insecure-policy copy -q "docker-archive:$f" "oci:$n:x" && umoci raw unpack --image "$n:x" "$n.rootfs" || exit 2
    done; diff -rq --no-dereference save.rootfs next.rootfs >/dev/null; test $? -le 1`
    return shell(line, file, nextOf(file), scratch)
  },
}
const containerDiff = {
  name: 'container-diff diff --type=file',
  needs: ['container-diff'],
  slow: true,
  command: ({ file }) => ['container-diff', 'diff', '-q', '--type=file', file, nextOf(file)],
}

/**
 * What can be compared: each job reads one input with every contender, and ratios are to the first one that is here.
 * An aim is a bound on the ratio of the median of imgtar (`of`) to that of another contender, or on its memory.
 */
export const JOBS = [
  {
    name: 'verify',
    title: 'docker-save, 9 uncompressed layers',
    input: 'save',
    contenders: [openssl, verify, toDirectory('docker-archive'), dockerLoad, crane],
    aims: [
      { of: verify, against: openssl, ratio: 0.65 },
      { of: verify, megabytes: 150 },
    ],
  },
  {
    name: 'verify-pipe',
    title: 'the same through a pipe',
    input: 'save',
    contenders: [catPipe, verifyPipe],
    aims: [{ of: verifyPipe, megabytes: 150 }],
  },
  {
    name: 'verify-one',
    title: 'docker-save of a single layer',
    input: 'one layer',
    contenders: [openssl, verify],
    aims: [],
  },
  {
    name: 'verify-gzip',
    title: 'OCI archive, 9 gzip layers',
    input: 'gzip',
    contenders: [
      toDirectory('oci-archive'),
      verify,
      verifyPipe,
      blobsThrough('gzip -dc | openssl, each blob', 'gzip', 'gz'),
      blobsThrough('pigz -dc | openssl, each blob', 'pigz', 'gz'),
    ],
    aims: [
      { of: verify, against: toDirectory('oci-archive'), ratio: 1 },
      { of: verify, megabytes: 150 },
    ],
  },
  {
    name: 'verify-zstd',
    title: 'OCI archive, 9 zstd layers',
    input: 'zstd',
    contenders: [
      blobsThrough('zstd -dc | openssl, each blob', 'zstd', 'zst'),
      blobsThrough('the same on one core', 'zstd', 'zst', 'taskset -c 0'),
      verify,
      verifyPipe,
      toDirectory('oci-archive'),
    ],
    aims: [
      { of: verify, against: { name: 'zstd -dc | openssl, each blob' }, ratio: 0.9 },
      { of: verify, megabytes: 150 },
    ],
  },
  {
    name: 'verify-files',
    title: 'docker-save, 100,000 small files (10,000 with --quick)',
    input: 'files',
    contenders: [openssl, verify, verifyPipe],
    aims: [{ of: verify, megabytes: 150 }],
  },
  ...WRITE_JOBS,
  {
    name: 'tar-split',
    title: 'a layer from its tar-split.json.gz and its files',
    input: 'split',
    contenders: [realAssemble, storedAssemble, assemble],
    aims: [
      { of: assemble, against: realAssemble, ratio: 1 },
      { of: assemble, against: storedAssemble, ratio: 1 },
      { of: assemble, megabytes: 150 },
    ],
  },
  {
    name: 'recover',
    title: 'the same image out of the data-root of a stopped docker; docker save needs it running',
    input: 'root',
    contenders: [dockerSave, recover],
    aims: [
      { of: recover, against: dockerSave, ratio: 1 / 3 },
      { of: recover, megabytes: 150 },
    ],
  },
  {
    name: 'diff',
    title: 'two versions of the 1 GB docker-save that share all layers but one',
    input: 'save',
    contenders: [openssl, diff, containerDiff, unpackBoth],
    aims: [
      { of: diff, against: openssl, ratio: 1 },
      { of: diff, megabytes: 250 },
    ],
  },
  {
    name: 'diff-files',
    title: 'two images of 150,000 small files each that have none in common (15,000 with --quick)',
    input: 'many',
    contenders: [openssl, diffOthers],
    aims: [{ of: diffOthers, megabytes: 250 }],
  },
  {
    name: 'start',
    title: 'start-up',
    input: 'tiny',
    contenders: [
      { name: 'node -e 0', command: () => [process.execPath, '-e', '0'] },
      { name: 'imgtar --version', command: () => imgtar('--version') },
      { name: 'imgtar --help', command: () => imgtar('--help') },
      { name: 'imgtar images FILE, 5 MB', command: ({ file }) => imgtar('images', '-q', file) },
      { name: 'imgtar verify FILE, 5 MB', command: ({ file }) => imgtar('verify', '-q', file) },
    ],
    aims: [],
  },
  {
    name: 'index',
    title: 'listing the images of the 1 GB docker-save',
    input: 'save',
    contenders: [
      { name: 'tar -tf', needs: ['tar'], command: ({ file }) => ['tar', '-tf', file] },
      { name: 'imgtar images FILE', command: ({ file }) => imgtar('images', '-q', file) },
    ],
    aims: [],
  },
]
