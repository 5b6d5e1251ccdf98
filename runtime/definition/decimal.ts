/**
 * Arithmetic on numbers as they are written: 0.1 is one tenth here, not the binary fraction next to it.
 */

/** Is `value` a whole multiple of `step`, both taken as their shortest decimal texts? Nothing is a multiple of 0. */
export function isMultipleOf(value: number, step: number): boolean {
  if (!Number.isFinite(value) || !Number.isFinite(step) || step === 0) return false
  const a = decimalOf(value)
  const b = decimalOf(step)
  const exponent = Math.min(a.exponent, b.exponent)
  const scaled = (one: Decimal) => one.digits * 10n ** BigInt(one.exponent - exponent)
  return scaled(a) % scaled(b) === 0n
}

/** digits × 10 ^ exponent. */
interface Decimal {
  digits: bigint
  exponent: number
}

function decimalOf(value: number): Decimal {
  const [mantissa = '0', power = '0'] = String(value).split('e')
  const [whole = '0', fraction = ''] = mantissa.split('.')
  return { digits: BigInt(whole + fraction), exponent: Number(power) - fraction.length }
}
