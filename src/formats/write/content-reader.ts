import { algorithmOf, hasher } from '../../bytes/digest.js'
import { hasherFor, type HasherBeside } from '../../bytes/hash-beside.js'
import { readAhead } from '../../bytes/read-ahead.js'
import type { RunContext } from '../../context.js'
import { ArchiveError } from '../../errors.js'
import type { SourceContent } from '../../model/outgoing.js'

/** Reads contents for copying, and proves what is only claimed of them beside that. */
export interface ContentReader {
  /** The bytes in order, each chunk valid until the next is asked for. Errors: those of readAhead. */
  read(content: SourceContent, context: RunContext): AsyncGenerator<Uint8Array>
  /** Resolves when everything that was read is proved. Errors: ERR_DIGEST. */
  proved(): Promise<void>
}

/** A reader for the contents of one archive; `proved` comes before its end. */
export function contentReader(): ContentReader {
  const proofs: Promise<void>[] = []
  return {
    async *read(content, context) {
      const { source, claimed } = content
      if (claimed === undefined) {
        yield* readAhead(source, context.signal)
        return
      }
      const hash = algorithmOf(claimed) === 'sha512' ? sha512() : hasherFor(source.size, context.concurrency)
      let isRead = false
      try {
        for await (const chunk of readAhead(source, context.signal)) {
          // Another thread takes it while it is written, and is still at it when the next member begins.
          const hashing = hash.update(chunk)
          yield chunk
          await hashing
        }
        isRead = true
      } finally {
        if (!isRead) hash[Symbol.dispose]()
      }
      const proof = prove(hash, content)
      proof.catch(() => undefined) // awaited by `proved`, or lost with a worse error
      proofs.push(proof)
    },
    async proved() {
      await Promise.all(proofs)
    },
  }
}

function sha512(): HasherBeside {
  return { ...hasher('sha512'), [Symbol.dispose]: () => undefined }
}

async function prove(hash: HasherBeside, { source, claimed }: SourceContent): Promise<void> {
  using spent = hash
  const actual = await spent.digest()
  if (actual === claimed) return
  throw new ArchiveError('ERR_DIGEST', `the stored bytes are ${actual}, the archive claims ${String(claimed)}`, {
    location: source.location,
    hint: 'imgtar verify tells all that is wrong',
  })
}
