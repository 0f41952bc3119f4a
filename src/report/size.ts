const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'] as const

/** Bytes as docker prints them: decimal units, three significant digits (go-units HumanSizeWithPrecision), as `2.19MB`. */
export function dockerSize(bytes: number): string {
  const [amount, unit] = scaled(bytes)
  return `${threeDigits(amount)}${unit}`
}

/** Bytes for sentences: as docker's, with a space, as `2.19 MB`. */
export function sizeInWords(bytes: number): string {
  const [amount, unit] = scaled(bytes)
  return `${threeDigits(amount)} ${unit}`
}

function scaled(bytes: number): readonly [number, string] {
  let amount = bytes
  let unit = 0
  while (amount >= 1000 && unit < UNITS.length - 1) {
    amount /= 1000
    unit += 1
  }
  return [amount, UNITS[unit] ?? '']
}

// Go's %.3g, exponent included: docker prints 999999 bytes as `1e+03kB`.
function threeDigits(amount: number): string {
  const [mantissa = '', exponent] = amount.toPrecision(3).split('e')
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa
  if (exponent === undefined) return short
  return `${short}e${exponent.slice(0, 1)}${exponent.slice(1).padStart(2, '0')}`
}
