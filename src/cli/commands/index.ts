import type { Command } from '../command.js'
import { completion } from './completion.js'
import { history } from './history.js'
import { images } from './images.js'
import { inspect } from './inspect.js'
import { ls } from './ls.js'
import { save } from './save.js'
import { tag } from './tag.js'
import { verify } from './verify.js'

/** Every command, in the order of the help; a new one is a file and a line here. Nothing here may load an operation. */
export const COMMANDS: readonly Command[] = [
  verify,
  inspect,
  images,
  history,
  ls,
  save,
  tag,
  completion(() => COMMANDS),
]
