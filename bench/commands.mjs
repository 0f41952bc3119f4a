import { fileURLToPath } from 'node:url'

const IMGTAR = fileURLToPath(new URL('../bin/imgtar.mjs', import.meta.url))

/** imgtar with these arguments. */
export const imgtar = (...words) => [process.execPath, IMGTAR, ...words]

/** A line of shell; `$1` and on are the words. */
export const shell = (line, ...words) => ['sh', '-c', line, 'sh', ...words]

export const openssl = {
  name: 'openssl dgst -sha256',
  needs: ['openssl'],
  command: ({ file }) => ['openssl', 'dgst', '-sha256', file],
}
