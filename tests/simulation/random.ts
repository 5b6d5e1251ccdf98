/**
 * Chance for simulations: everything is drawn from a seed, so that the same seed gives the same run. Each concern has a
 * stream of its own (`fork`), so that one that draws more does not change what the others see.
 *
 * The generator is sfc32 (Doty-Humphrey, PractRand), seeded with FNV-1a of the stream's name.
 */
export class Random {
  readonly #name: string
  #a: number
  #b: number
  #c: number
  #n = 1

  constructor(name: string) {
    this.#name = name
    this.#a = fnv1a(`a ${name}`)
    this.#b = fnv1a(`b ${name}`)
    this.#c = fnv1a(`c ${name}`)
    for (let n = 0; n < 12; n++) this.next()
  }

  /** A stream of its own, always the same one for the same name. */
  fork(name: string): Random {
    return new Random(`${this.#name}/${name}`)
  }

  /** At least 0, less than 1. */
  next(): number {
    const t = (this.#a + this.#b + this.#n++) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t
    return (t >>> 0) / 2 ** 32
  }

  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability
  }

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  between(min: number, max: number): number {
    return min + this.next() * (max - min)
  }

  pick<T>(list: readonly [T, ...T[]]): T
  pick<T>(list: readonly T[]): T | undefined
  pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.next() * list.length)]
  }

  /** Most are near `typical`, few are many times that; never more than twenty times. */
  delay(typical: number): number {
    return typical * Math.min(20, 0.2 - 0.8 * Math.log(1 - this.next()))
  }
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i)
    hash = Math.imul(hash, 0x01000193)
  }
  return hash | 0
}
