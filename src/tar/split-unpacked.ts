import type { Limits } from '../context.js'
import { ArchiveError } from '../errors.js'
import { splitChecker, type SplitFault } from './split-assemble.js'
import { disassembler } from './split-disassemble.js'
import { openLocator } from './split-locator.js'
import { stackedLookup, type StackedTree } from './split-stack.js'
import { ownNames } from './split-strangers.js'

/** What is other in the tree that a layer was unpacked to than in the layer. */
export interface UnpackedDamage {
  /** Files of the layer that are gone, resized or changed, in the order of its tar. */
  readonly faults: readonly SplitFault[]
  /** Paths that are none of the layer's, one latin1 character a byte; see OwnNames. None of a tree with all below in it. */
  readonly added: readonly string[]
}

/** Holds a tree against the tar that it was unpacked from, while that passes by. */
export interface UnpackedCheck extends Disposable {
  /** The next bytes of the tar; files of the tree are read. */
  push(chunk: Uint8Array): void
  /** No more bytes. Undefined where they were no whole tar, or none that docker would take apart. */
  end(): UnpackedDamage | undefined
}

/** See UnpackedCheck. Errors: the system's where a tar of trees cannot be opened. */
export function unpackedCheck(
  { files: locator, below }: StackedTree,
  { limits, location }: { readonly limits: Limits; readonly location: string },
): UnpackedCheck {
  const stored = openLocator(locator)
  const lookup = stackedLookup(stored, locator.base, below)
  const names = ownNames(stored, locator.base, lookup)
  const faults: SplitFault[] = []
  const checker = splitChecker({ files: lookup, onFault: (fault) => void faults.push(fault) })
  const split = disassembler(
    {
      onSplit(entry) {
        if (entry.kind === 'file') names.add(entry.name)
        checker.check(entry)
      },
    },
    limits,
    location,
  )
  let isTar = true
  const attempt = (work: () => unknown) => {
    try {
      if (isTar) work()
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error
      isTar = false
    }
  }
  return {
    push: (chunk) => attempt(() => split.push(chunk)),
    end() {
      attempt(() => split.end())
      return isTar ? { faults, added: below === undefined ? [] : [...names.strangers()] } : undefined
    },
    [Symbol.dispose]: () => stored[Symbol.dispose](),
  }
}
