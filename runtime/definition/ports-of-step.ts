/**
 * The places in a step where the id of the next one stands: what an arrow on the canvas starts from.
 */
import { setAt } from './edit-value'
import { isRawMap, type RawMap, type RawPath, valueAt } from './raw-steps'

export interface Port {
  /** Keys to the id. */
  path: RawPath
  /** As in `connect`: none for `next`, `branch:<n>`, `otherwise`, `timeout`. */
  port?: string
  /** What goes when the arrow goes; absent where an id is required. */
  removes?: RawPath
  branch?: { list: RawPath }
}

/** `path` leads to the step. */
export function portsOf(path: RawPath, step: RawMap): Port[] {
  const optional = (key: string, port?: string): Port => ({
    path: [...path, key],
    removes: [...path, key],
    ...(port === undefined ? {} : { port }),
  })
  switch (step.type) {
    case 'end':
      return []
    case 'choice': {
      const list = [...path, 'branches']
      const branches = Array.isArray(step.branches) ? step.branches : []
      return [
        ...branches.map(
          (_, index): Port => ({
            path: [...list, index, 'next'],
            port: `branch:${index}`,
            branch: { list },
          }),
        ),
        optional('otherwise', 'otherwise'),
      ]
    }
    case 'signal':
      return [
        optional('next'),
        { path: [...path, 'onTimeout', 'next'], port: 'timeout', removes: [...path, 'onTimeout'] },
      ]
    default:
      return [optional('next')]
  }
}

/** The id at a port. */
export function readPort(root: RawMap, port: Port): string | undefined {
  const target = valueAt(root, port.path)
  return typeof target === 'string' ? target : undefined
}

export function writePort(root: RawMap, port: Port, target: string): RawMap {
  return isRawMap(root) ? setAt(root, port.path, target) : root
}
