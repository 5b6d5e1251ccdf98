/**
 * The values of JSON Schema's `format` that are checked. Others say nothing about the input, and a finding tells so
 * (schema-keywords.ts).
 */

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const TIME = /^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i
const EMAIL = /^[^\s@"(),:;<>[\\\]]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,20}$/i
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Each takes time linear in the text: none of the patterns can match one part of it in two ways. */
export const FORMATS: Record<string, (text: string) => boolean> = {
  date: isDate,
  time: (text) => TIME.test(text),
  'date-time': isDateTime,
  email: (text) => text.length <= 320 && EMAIL.test(text),
  uuid: (text) => UUID.test(text),
}

/** RFC 3339, full-date: a day that there is. */
function isDate(text: string): boolean {
  const [, year, month, day] = DATE.exec(text) ?? []
  if (day === undefined) return false
  const date = new Date(Date.UTC(2000, Number(month) - 1, Number(day)))
  // years before 100 would be taken for 19xx
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
}

/** RFC 3339, date-time: with an offset, as without one it depends on who reads it. */
function isDateTime(text: string): boolean {
  return /^.{10}[ t]/i.test(text) && isDate(text.slice(0, 10)) && TIME.test(text.slice(11))
}
