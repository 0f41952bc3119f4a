import { stat } from 'node:fs/promises'
import { fileOutput } from '../bytes/output.js'
import type { OutputOptions } from '../bytes/file-place.js'
import type { RunContext } from '../context.js'
import { parseOperand } from '../formats/operand.js'
import { streamAt } from './archives.js'
import { UsageError } from './usage-error.js'

/** What comes down a pipe while a copy of it is made, as tee(1) makes one; disposing of it before `keep` leaves none. */
export interface Tee extends AsyncDisposable {
  /** The bytes in their order: each chunk is in the copy before it is handed on. */
  readonly chunks: AsyncIterable<Uint8Array>
  /**
   * Reads what nobody has read, and puts the copy in its place: how many bytes it has. Errors: ERR_OUTPUT, what reading
   * threw, then too; there is no copy then.
   */
  keep(): Promise<number>
}

/**
 * Has a copy of the one operand, a pipe or `-`, made at a place. Errors: UsageError for several, and for what can be read
 * as often as one likes; those of streamAt, parseOperand and fileOutput.
 */
export async function teeOf(
  operands: readonly string[],
  file: string,
  options: OutputOptions,
  context: RunContext,
): Promise<Tee> {
  const [operand, second] = operands
  if (operand === undefined || second !== undefined) throw new UsageError('--tee is for one archive')
  if (file === '-') throw new UsageError('--tee names a file: what is found goes to standard output')
  const { path } = await parseOperand(operand)
  const stream = await streamAt(path, context)
  if (stream === undefined) throw new UsageError(`--tee keeps what comes down a pipe, and '${path}' stays where it is`)
  if (await isWhatIsRead(path, file)) throw new UsageError(`--tee would write into '${file}', which is what is read`)
  const output = await fileOutput(file, options)
  const chunks = stream[Symbol.asyncIterator]()
  const failures: unknown[] = []
  const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    try {
      const step = await chunks.next()
      if (step.done === true) return { done: true, value: undefined }
      await output.write(step.value)
      return step
    } catch (error) {
      failures.push(error)
      throw error
    }
  }
  return {
    chunks: { [Symbol.asyncIterator]: () => ({ next }) },
    async keep() {
      for (const error of failures) throw error
      while ((await next()).done !== true);
      const size = output.position
      await output.commit()
      return size
    },
    async [Symbol.asyncDispose]() {
      await chunks.return?.()
      await output[Symbol.asyncDispose]()
    },
  }
}

/** Whether a name is that of the pipe that is read, which would wait for itself. */
async function isWhatIsRead(path: string, file: string): Promise<boolean> {
  const [read, written] = await Promise.all(
    [path === '-' ? '/dev/stdin' : path, file].map((name) => stat(name).catch(() => undefined)),
  )
  return read?.isFIFO() === true && read.ino === written?.ino && read.dev === written.dev
}
