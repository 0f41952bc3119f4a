import type { Command } from '../command.js'
import { append } from './append.js'
import { blame } from './blame.js'
import { buried } from './buried.js'
import { cat } from './cat.js'
import { census } from './census.js'
import { config } from './config.js'
import { commit } from './commit.js'
import { completion } from './completion.js'
import { efficiency } from './efficiency.js'
import { exportFiles } from './export.js'
import { extract } from './extract.js'
import { diff } from './diff.js'
import { history } from './history.js'
import { hydrate } from './hydrate.js'
import { images } from './images.js'
import { importCommand } from './import.js'
import { inspect } from './inspect.js'
import { load } from './load.js'
import { ls } from './ls.js'
import { packages } from './packages.js'
import { rebase } from './rebase.js'
import { rootfsDigest } from './rootfs-digest.js'
import { salvage } from './salvage.js'
import { save } from './save.js'
import { squash } from './squash.js'
import { retime } from './retime.js'
import { strip } from './strip.js'
import { tag } from './tag.js'
import { recover } from './recover.js'
import { tarSplit } from './tar-split.js'
import { thin } from './thin.js'
import { verify } from './verify.js'

/** Every command, in the order of the help; a new one is a file and a line here. Nothing here may load an operation. */
export const COMMANDS: readonly Command[] = [
  verify,
  inspect,
  images,
  history,
  ls,
  packages,
  diff,
  rootfsDigest,
  efficiency,
  buried,
  blame,
  cat,
  extract,
  exportFiles,
  save,
  importCommand,
  tag,
  config,
  thin,
  hydrate,
  squash,
  strip,
  retime,
  append,
  rebase,
  census,
  recover,
  salvage,
  commit,
  load,
  tarSplit,
  completion(() => COMMANDS),
]
