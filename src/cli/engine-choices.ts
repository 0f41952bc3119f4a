import { asEngineChoice, ENGINE_FAMILIES, ENGINE_NAMES, type EngineChoice } from '../model/engine-names.js'
import { UsageError } from './usage-error.js'

/** Reads names of engines and families between commas. Errors: UsageError, with those that there are. */
export function engineChoices(text: string, name: string): readonly EngineChoice[] {
  return text.split(',').map((part) => {
    const choice = asEngineChoice(part.trim())
    if (choice !== undefined) return choice
    const known = [...ENGINE_NAMES, ...Object.keys(ENGINE_FAMILIES)].join(', ')
    throw new UsageError(`--${name} knows no engine '${part}': there are ${known}`)
  })
}
