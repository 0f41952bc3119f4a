import type { EfficiencyReport } from '../../model/report-waste.js'
import { sizeInWords } from '../size.js'

/** A share of 1 as `98.5 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(2).replace(/\.?0+$/, '')} %`
}

/** What a rule measured, or its limit. */
export function amountInWords(rule: EfficiencyReport['rules'][number]['rule'], value: number): string {
  return rule === 'highestWastedBytes' ? sizeInWords(value) : percent(value)
}

/** What became of each copy of a path, as `layer 0 replaced by 2, layer 2 visible`. */
export function fatesInWords(copies: EfficiencyReport['paths'][number]['copies']): string {
  return copies
    .map(({ layer, fate, hiddenBy }) => `layer ${layer} ${fate}${hiddenBy === null ? '' : ` by ${hiddenBy}`}`)
    .join(', ')
}
