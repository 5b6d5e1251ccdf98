/**
 * The built-in functions of JSONata that we replace or refuse: those that know the time or chance, run other code, or
 * could do unbounded work unseen by the meter. All others are JSONata's own.
 */
import jsonata from 'jsonata'
import { ExpressionError } from './expression-error'
import { EXPRESSION_LIMITS as LIMITS } from './limits'
import { meter } from './meter'

/** Functions that no expression may name, with what to do instead. */
export const REFUSED_FUNCTIONS: Readonly<Record<string, string>> = {
  random: 'A saga must replay the same way: let a participant draw the number and return it',
  shuffle: 'A saga must replay the same way: let a participant shuffle and return the result',
  uuid: "A saga must replay the same way: use $$.saga.id with the step's name",
  eval: 'Write the expression itself instead of a text that holds it',
  parseInteger: 'Use $number',
}

/** Names that JSONata 1.8.9 defines, for finding misspelt ones. */
export const BUILT_IN_FUNCTIONS: ReadonlySet<string> = new Set(
  (
    'sum count max min average string substring substringBefore substringAfter lowercase uppercase length trim pad ' +
    'match contains replace split join formatNumber formatBase formatInteger number floor ceil round abs sqrt power ' +
    'boolean not map zip filter single reduce sift keys lookup append exists spread merge reverse each error assert ' +
    'type sort distinct base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl toMillis ' +
    'fromMillis clone now millis'
  ).split(' '),
)

/** Called with JSONata's own implementation; `this` and the arguments belong to that. */
type Guard = (run: (...args: unknown[]) => unknown, ...args: unknown[]) => unknown

const GUARDS: Readonly<Record<string, { signature: string; guard: Guard }>> = {
  string: {
    signature: '<x-b?:s>',
    guard: (run, value, prettify) => {
      meter.weighDeep(value)
      return run(value, prettify)
    },
  },
  clone: {
    signature: '<(oa)-:o>',
    guard: (run, value) => {
      meter.weighDeep(value)
      return run(value)
    },
  },
  distinct: {
    signature: '<x:x>',
    guard: (run, value) => {
      // Compares each with each.
      if (Array.isArray(value)) meter.charge((value.length * value.length) / 16)
      meter.weighDeep(value)
      return run(value)
    },
  },
  join: {
    signature: '<a<s>s?:s>',
    guard: (run, texts, separator) => {
      const between = typeof separator === 'string' ? separator.length : 0
      const length = Array.isArray(texts)
        ? texts.reduce((sum: number, text) => sum + between + String(text).length, 0)
        : 0
      if (length > LIMITS.textLength) {
        meter.refuse(`$join would make a text longer than ${LIMITS.textLength} characters`)
      }
      return run(texts, separator)
    },
  },
  pad: {
    signature: '<s-ns?:s>',
    guard: (run, text, width, char) => {
      if (Math.abs(Number(width)) > LIMITS.textLength) {
        meter.refuse(`$pad would make a text longer than ${LIMITS.textLength} characters`)
      }
      return run(text, width, char)
    },
  },
  replace: {
    signature: '<s-(sf)(sf)n?:s>',
    guard: (run, text, pattern, replacement, limit) => {
      // By a text: count first what it would make, as the result may be far larger than all that was charged.
      if (typeof text === 'string' && typeof pattern === 'string' && pattern !== '') {
        const count = text.split(pattern).length - 1
        const grown = typeof replacement === 'string' ? count * replacement.length : 0
        if (grown > LIMITS.textLength) {
          meter.refuse(`$replace would make a text longer than ${LIMITS.textLength} characters`)
        }
        meter.charge(count >> 3)
      }
      return run(text, pattern, replacement, limit)
    },
  },
  formatInteger: {
    signature: '<n-s:s>',
    guard: (run, value, picture) => {
      checkPicture(picture)
      if (/^[iI]/.test(String(picture)) && Math.abs(Number(value)) > 100_000) {
        meter.refuse('$formatInteger writes Roman numerals up to 100000')
      }
      return run(value, picture)
    },
  },
  formatNumber: {
    signature: '<n-so?:s>',
    guard: (run, value, picture, options) => {
      checkPicture(picture)
      return run(value, picture, options)
    },
  },
  fromMillis: {
    signature: '<n-s?s?:s>',
    guard: (run, millis, picture, timezone) => {
      checkPicture(picture)
      return run(millis, picture, timezone)
    },
  },
  toMillis: {
    signature: '<s-s?:n>',
    guard: (run, text, picture) => {
      if (picture !== undefined) {
        throw new ExpressionError(
          'REFUSED',
          '$toMillis takes only an ISO 8601 time here, without a picture',
          meter.source,
        )
      }
      // A time without a zone would be read in the machine's own.
      const hasNoZone = typeof text === 'string' && /T\d\d:\d\d:\d\d(\.\d+)?$/.test(text)
      return run(hasNoZone ? `${text}Z` : text)
    },
  },
  millis: { signature: '<:n>', guard: () => meter.now },
}

/** Gives an expression the replacements of those functions it names. */
export function registerBuiltIns(expression: jsonata.Expression, names: ReadonlySet<string>): void {
  for (const name of names) {
    const guarded = GUARDS[name]
    if (guarded) {
      const own = implementationOf(name)
      const { guard } = guarded
      register(expression, name, guarded.signature, own.length, function (this: unknown, args) {
        return guard((...passed) => own.apply(this, passed), ...args)
      })
    }
    if (name === 'now') {
      const format = implementationOf('fromMillis')
      register(expression, 'now', '<s?s?:s>', 2, function (this: unknown, [picture, timezone]) {
        checkPicture(picture)
        return format.call(this, meter.now, picture, timezone)
      })
    }
    if (Object.hasOwn(REFUSED_FUNCTIONS, name)) {
      register(expression, name, '<x*:x>', 1, () => {
        throw new ExpressionError('REFUSED', `$${name} is not available`, meter.source)
      })
    }
  }
}

function register(
  expression: jsonata.Expression,
  name: string,
  signature: string,
  length: number,
  run: (this: unknown, args: unknown[]) => unknown,
): void {
  const implementation = function (this: unknown, ...args: unknown[]): unknown {
    return run.call(this, args)
  }
  // $map and the like pass as many arguments as the function declares.
  Object.defineProperty(implementation, 'length', { value: length })
  expression.registerFunction(name, implementation, signature)
}

type Implementation = (this: unknown, ...args: unknown[]) => unknown

const implementations = new Map<string, Implementation>()

function implementationOf(name: string): Implementation {
  let own = implementations.get(name)
  if (!own) {
    own = jsonata(`$${name}`).evaluate({}).implementation as Implementation
    implementations.set(name, own)
  }
  return own
}

/** A picture's widths are lengths of padding. */
function checkPicture(picture: unknown): void {
  if (typeof picture !== 'string') return
  if (picture.length > 200 || /\d{4,}/.test(picture.replace(/0+(?=\d)/g, ''))) {
    meter.refuse('A picture may have 200 characters and widths below 1000')
  }
}
