import { Socket } from 'node:net'

/** What comes down a pipe that is open without blocking, to its end or an abortion; it closes the descriptor. */
export function pipeSocket(fd: number, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
  return new Socket({ fd, readable: true, writable: false, ...(signal && { signal }) })
}
