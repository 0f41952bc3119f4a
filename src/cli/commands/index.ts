import type { Command } from '../command.js'
import { completion } from './completion.js'
import { ls } from './ls.js'

/** Every command, in the order of the help; a new one is a file and a line here. Nothing here may load an operation. */
export const COMMANDS: readonly Command[] = [ls, completion(() => COMMANDS)]
