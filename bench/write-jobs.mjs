import { join } from 'node:path'
import { imgtar, openssl, shell } from './commands.mjs'

const OUT = 'out.tar'
const skopeoCopy = (from, to) => ({
  name: `skopeo copy ${from}: ${to}:`,
  needs: ['skopeo'],
  command: ({ file, scratch }) => {
    return ['skopeo', '--insecure-policy', 'copy', '-q', `${from}:${file}`, `${to}:${join(scratch, OUT)}:bench:1`]
  },
})
const save = (name, words, to = '') => ({
  name: `imgtar save ${name}`,
  command: ({ file, scratch }) => imgtar('save', '-q', file, ...words, '-o', `${to}${join(scratch, OUT)}`),
})
const saveGzip = save('--compress gzip -o oci-archive:', ['--compress', 'gzip'], 'oci-archive:')
const savePlain = save('--compress none', ['--compress', 'none'])
const saveSame = save('-o oci-archive:', [], 'oci-archive:')

const cp = { name: 'cp', command: ({ file, scratch }) => ['cp', file, join(scratch, OUT)] }
// An output of imgtar is on the disk before it is in its place; a copy that waits for that is its like.
const storedCopy = {
  name: 'cp, then sync',
  command: ({ file, scratch }) => shell('cp "$1" "$2" && sync "$2"', file, join(scratch, OUT)),
}
// Memory that has lain free for some seconds costs more on a virtual machine: the same copy takes 1 s or 3 s. So as much as
// a copy needs becomes free right before every run.
const freeMemory = ({ file, scratch }) => shell('cp "$1" "$2" && rm "$2"', file, join(scratch, OUT))
const flatten = {
  name: 'imgtar export FILE',
  command: ({ file, scratch }) => imgtar('export', '-q', file, '-o', join(scratch, OUT)),
}
const craneExport = {
  name: 'crane export',
  needs: ['crane'],
  slow: true,
  command: ({ file, scratch }) => shell('crane export - "$2" < "$1"', file, join(scratch, OUT)),
}
const dockerExport = {
  name: 'docker export',
  needs: ['docker'],
  slow: true,
  before: ({ file }) =>
    shell(
      `docker image inspect imgtar-bench:large >/dev/null 2>&1 || docker load -q -i "$1"
      docker container inspect imgtar-bench >/dev/null 2>&1 || docker create --name imgtar-bench imgtar-bench:large`,
      file,
    ),
  command: ({ scratch }) => ['docker', 'export', '-o', join(scratch, OUT), 'imgtar-bench'],
  after: () => ['docker', 'rm', '-f', 'imgtar-bench'],
}
const importFlat = {
  name: 'imgtar import FILE',
  command: ({ file, scratch }) => imgtar('import', '-q', file, '-t', 'bench:1', '-o', join(scratch, OUT)),
}

const FLATTEN_AIMS = [
  { of: flatten, against: storedCopy, ratio: 1.4 },
  { of: flatten, against: craneExport, ratio: 1 / 3 },
  { of: flatten, megabytes: 150 },
]
const IMPORT_AIMS = [
  { of: importFlat, against: storedCopy, ratio: 1.25 },
  { of: importFlat, megabytes: 150 },
]

/** What writes a gigabyte and more: see JOBS. */
export const WRITE_JOBS = [
  {
    name: 'export',
    title: 'docker-save, 1.5 GB in 9 uncompressed layers, to one flat tar',
    input: 'large',
    before: freeMemory,
    contenders: [storedCopy, cp, flatten, craneExport, dockerExport],
    aims: [...FLATTEN_AIMS, { of: flatten, against: dockerExport, ratio: 1 / 3 }],
  },
  {
    name: 'import',
    title: 'a flat tar of 1.5 GB to a loadable archive',
    input: 'flat',
    before: freeMemory,
    contenders: [storedCopy, cp, openssl, importFlat],
    aims: IMPORT_AIMS,
  },
  {
    name: 'huge-export',
    title: 'docker-save, 5.9 GB in 9 uncompressed layers, to one flat tar',
    input: 'huge',
    contenders: [storedCopy, flatten, craneExport],
    aims: FLATTEN_AIMS,
  },
  {
    name: 'huge-import',
    title: 'a flat tar of 5.9 GB to a loadable archive',
    input: 'huge flat',
    contenders: [storedCopy, openssl, importFlat],
    aims: IMPORT_AIMS,
  },
  {
    name: 'save',
    title: 'docker-save, 9 uncompressed layers, to OCI, layers compressed with gzip',
    input: 'save',
    contenders: [skopeoCopy('docker-archive', 'oci-archive'), saveGzip, saveSame],
    aims: [
      { of: saveGzip, against: skopeoCopy('docker-archive', 'oci-archive'), ratio: 1 },
      { of: saveGzip, megabytes: 150 },
      { of: saveSame, megabytes: 150 },
    ],
  },
  {
    name: 'save-gunzip',
    title: 'OCI archive, 9 gzip layers, to a docker archive with plain ones',
    input: 'gzip',
    contenders: [skopeoCopy('oci-archive', 'docker-archive'), savePlain],
    aims: [
      { of: savePlain, against: skopeoCopy('oci-archive', 'docker-archive'), ratio: 1 },
      { of: savePlain, megabytes: 150 },
    ],
  },
]
