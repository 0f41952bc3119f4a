import { execFile, spawn } from 'node:child_process'
import { ArchiveError } from '../../../errors.js'

const ENVIRONMENT = { LC_ALL: 'C', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }
const OPTIONS = [
  '--extract',
  '--file=-',
  '--numeric-owner',
  '--same-owner',
  '--same-permissions',
  '--xattrs',
  '--xattrs-include=*',
  '--warning=no-timestamp',
]
const MOST_WORDS = 4096

/** A system's tar that unpacks what is written to it. */
export interface Unpacking {
  /** Errors: ERR_OUTPUT with what tar says. */
  write(chunk: Uint8Array): Promise<void>
  /** No more bytes; resolves when all is there. Errors: ERR_OUTPUT where tar failed, or complained. */
  end(): Promise<void>
  /** Ends it, however far it is; resolves when it has gone, and makes no file any more. */
  kill(): Promise<void>
}

/** Whether the system's tar is GNU's, which can set owners, devices and extended attributes. */
export function hasSystemTar(): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('tar', ['--version'], { env: ENVIRONMENT }, (error, text) => {
      resolve(error === null && text.includes('GNU tar'))
    })
  })
}

/** Unpacks into a directory that exists, with everything that a tar can say of a file. */
export function unpackInto(directory: string): Unpacking {
  // What a tar does not name on the way to a file is made with the umask.
  const script = 'umask 022 && exec tar "$@"'
  const args = ['-c', script, 'tar', ...OPTIONS, `--directory=${directory}`]
  const tar = spawn('/bin/sh', args, { stdio: ['pipe', 'ignore', 'pipe'], env: ENVIRONMENT })
  let words = ''
  tar.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (words.length < MOST_WORDS) words += text
  })
  const ended = new Promise<number | null>((resolve) => {
    tar.on('error', () => resolve(null))
    tar.on('close', resolve)
  })
  tar.stdin.on('error', () => undefined) // each write is told of it
  const failure = async (): Promise<ArchiveError> => {
    const code = await ended
    const message = words.trim().split('\n')[0] ?? ''
    return new ArchiveError('ERR_OUTPUT', message === '' ? `tar ended with ${String(code)}` : message, {
      location: directory,
      hint: 'it needs root, and a file system with devices and extended attributes',
    })
  }
  return {
    async write(chunk) {
      const error = await new Promise<Error | null | undefined>((resolve) => tar.stdin.write(chunk, resolve))
      if (error) throw await failure()
    },
    async end() {
      tar.stdin.end()
      // It only complains of attributes that cannot be set, and ends with 0.
      if ((await ended) !== 0 || words !== '') throw await failure()
    },
    async kill() {
      tar.kill('SIGKILL')
      await ended
    },
  }
}
