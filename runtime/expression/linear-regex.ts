/**
 * The regular expressions of JSONata on RE2's algorithm, which takes time linear in the text: with JavaScript's own
 * engine `/(a+)+$/` hangs the process on forty characters. The price: no look-around and no back-references.
 *
 * Has just the part of RegExp's surface that JSONata 1.8.9 uses: `new Engine(regexp)`, `lastIndex`, `exec`.
 */
import { RE2JS } from 're2js'

/** What JSONata reads of a match. */
interface RegexMatch extends Array<string | undefined> {
  index: number
}

/** Called with the characters that each search goes over, so that the evaluation's budget pays for them. */
let onSearch: (characters: number) => void = () => {}

export function chargeRegexSearches(charge: (characters: number) => void): void {
  onSearch = charge
}

/** Compiled once per literal of a syntax tree. */
const compiled = new WeakMap<RegExp, RE2JS>()

/** Throws an Error that says in words what is not supported. */
export function compileRegex(literal: RegExp): RE2JS {
  let regex = compiled.get(literal)
  if (!regex) {
    let flags = 0
    if (literal.flags.includes('i')) flags |= RE2JS.CASE_INSENSITIVE
    if (literal.flags.includes('m')) flags |= RE2JS.MULTILINE
    regex = RE2JS.compile(RE2JS.translateRegExp(literal.source), flags)
    compiled.set(literal, regex)
  }
  return regex
}

export class LinearRegex {
  lastIndex = 0
  readonly #regex: RE2JS

  constructor(literal: RegExp) {
    this.#regex = compileRegex(literal)
  }

  exec(text: string): RegexMatch | null {
    onSearch(Math.max(0, text.length - this.lastIndex))
    if (this.lastIndex > text.length) return null
    const matcher = this.#regex.matcher(text)
    if (!matcher.find(this.lastIndex)) {
      this.lastIndex = 0
      return null
    }
    const groups: (string | undefined)[] = []
    for (let group = 0; group <= matcher.groupCount(); group++) {
      groups.push(matcher.group(group) ?? undefined)
    }
    this.lastIndex = matcher.end()
    return Object.assign(groups, { index: matcher.start() })
  }
}
