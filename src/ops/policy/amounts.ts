import { z } from 'zod'

// Decimal as SI has them, binary as IEC; dive's go-humanize reads them so too.
const UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ...['k', 'm', 'g', 't'].flatMap((letter, index): [string, number][] => [
    [letter, 1000 ** (index + 1)],
    [`${letter}b`, 1000 ** (index + 1)],
    [`${letter}i`, 1024 ** (index + 1)],
    [`${letter}ib`, 1024 ** (index + 1)],
  ]),
])

/** Bytes as `20MB`, `1.5 GiB` or a number; undefined for what is no size. */
export function bytesOf(text: string | number): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(String(text).trim()) ?? []
  const bytes = Math.floor(Number(digits) * (UNITS.get(unit.toLowerCase()) ?? Number.NaN))
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** A share as `0.95` or `95%`; undefined for what is none. */
export function shareOf(text: string | number): number | undefined {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(String(text).trim()) ?? []
  const share = Number(digits) / (percent === '%' ? 100 : 1)
  return Number.isFinite(share) ? share : undefined
}

const written = z.union([z.string(), z.number()])

/** A size in a policy. */
export const sizeSchema = written
  .refine((text) => bytesOf(text) !== undefined, 'wants a size, as 20MB or 1GiB')
  .describe('bytes, as 20MB, 1.5GiB or a number')

/** A share in a policy. */
export const shareSchema = written
  .refine((text) => (shareOf(text) ?? 2) <= 1, 'wants a share, as 0.95 or 95%')
  .describe('0 to 1, or with %')

/** How much larger than the baseline, in bytes or per cent. */
export const growthSchema = written
  .refine(
    (text) => bytesOf(text) !== undefined || /^\d+(?:\.\d+)?\s*%$/.test(String(text)),
    'wants growth, as 10MB or 5%',
  )
  .describe('bytes as 10MB, or per cent of the baseline as 5%')
