/**
 * Where the command writes: results to standard output, what goes beside them to standard error; coloured for people.
 */
import process from 'node:process'

const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR
const paint = (code: number) => (text: string) => (coloured ? `\x1b[${code}m${text}\x1b[0m` : text)

export const output = {
  print: (text: string) => process.stdout.write(text.endsWith('\n') ? text : `${text}\n`),
  error: (text: string) => process.stderr.write(`${text}\n`),
  bold: paint(1),
  dim: paint(2),
  red: paint(31),
  green: paint(32),
  yellow: paint(33),
  blue: paint(34),
}
