import { describe, expect, it } from 'vitest'
import { type Arrangement, arrange, type Solution } from '@/components/canvas/arrange'
import { fromElk, toElk } from '@/components/canvas/elk-layout'
import { toFlow } from '@/components/canvas/flow'
import { LANE } from '@/components/canvas/measures'
import { quickLayout } from '@/components/canvas/quick-layout'
import { read, SOURCE } from './fixture'

const flow = toFlow(read())

describe('arrange', () => {
  it('gives every node a place before any engine has answered', () => {
    const { boxes, missing } = arrange(flow, {}, new Map())
    expect([...boxes.keys()].sort()).toEqual(flow.nodes.map((node) => node.id).sort())
    // the root and both branches
    expect(missing).toHaveLength(3)
    expect(overlaps(arrange(flow, {}, new Map()))).toEqual([])
  })

  it('makes a bracket as large as its lanes and a lane as large as its steps', () => {
    const { boxes } = arrange(flow, {}, new Map())
    const bracket = boxes.get('checks')
    const lane = boxes.get('lane:checks/legal')
    const step = boxes.get('name_it')
    if (!bracket || !lane || !step) throw new Error('not placed')
    expect(step.x + step.width).toBeLessThanOrEqual(lane.width)
    expect(step.y + step.height).toBeLessThanOrEqual(lane.height)
    expect(lane.x + lane.width).toBeLessThanOrEqual(bracket.width)
    expect(lane.y + lane.height).toBeLessThanOrEqual(bracket.height)
  })

  it('asks for nothing more once every region is answered, and uses the answers', () => {
    const solved = new Map<string, Solution>()
    let arrangement = arrange(flow, {}, solved)
    for (let round = 0; round < 5 && arrangement.missing.length > 0; round++) {
      for (const graph of arrangement.missing) {
        const { positions } = quickLayout(graph)
        for (const at of Object.values(positions)) at.x += 1000
        solved.set(graph.key, { positions, routes: {} })
      }
      arrangement = arrange(flow, {}, solved)
    }
    expect(arrangement.missing).toEqual([])
    expect(arrangement.boxes.get('reserve')?.x).toBeGreaterThanOrEqual(1000)
  })

  it('keeps the answers of regions that an edit did not touch', () => {
    const first = arrange(flow, {}, new Map())
    const edited = toFlow(read(SOURCE.replace('operation: screen,', 'operation: look,')))
    const renamed = toFlow(read(SOURCE.replace(/\bscreen\b/g, 'inspect')))
    const keys = (found: Arrangement) => found.missing.map((graph) => graph.key)
    expect(keys(arrange(edited, {}, new Map()))).toEqual(keys(first))
    const known = new Map(first.missing.map((graph) => [graph.key, quickLayout(graph)]))
    expect(arrange(renamed, {}, known).missing).toHaveLength(1)
  })

  it('leaves a pinned step where it was put and grows what holds it', () => {
    const before = arrange(flow, {}, new Map())
    const after = arrange(flow, { screen: { x: 400, y: 300 } }, new Map())
    expect(after.boxes.get('screen')).toMatchObject({ x: 400, y: 300 })
    const height = (arrangement: Arrangement) => arrangement.boxes.get('checks')?.height ?? 0
    expect(height(after)).toBeGreaterThan(height(before))
    const below = (arrangement: Arrangement) => arrangement.boxes.get('large')?.y ?? 0
    expect(below(after)).toBeGreaterThan(below(before))
  })

  it('never lets a pin leave its lane at the top or left', () => {
    const { boxes } = arrange(flow, { screen: { x: -500, y: -500 } }, new Map())
    expect(boxes.get('screen')).toMatchObject({ x: LANE.side, y: LANE.top })
  })

  it('drops the route of an arrow that touches a pinned step', () => {
    const { missing } = arrange(flow, {}, new Map())
    const root = missing.find((graph) => graph.nodes.some((node) => node.id === 'reserve'))
    if (!root) throw new Error('no root')
    const route = [
      { x: 0, y: 0 },
      { x: 0, y: 9 },
    ]
    const routes = Object.fromEntries(root.edges.map((edge) => [edge.id, route]))
    const solved = new Map([[root.key, { ...quickLayout(root), routes }]])
    expect(arrange(flow, {}, solved).routes.has('reserve→next')).toBe(true)
    const pinned = arrange(flow, { reserve: { x: 0, y: 0 } }, solved)
    expect(pinned.routes.has('reserve→next')).toBe(false)
    expect(pinned.routes.has('pay→next')).toBe(true)
  })
})

describe('the layout engine', () => {
  it('is asked with a port for every arrow and read back on the grid', () => {
    const [graph] = arrange(flow, {}, new Map()).missing.filter((one) => one.nodes.length > 4)
    if (!graph) throw new Error('no graph')
    const asked = toElk(graph)
    const ports = new Set(asked.children?.flatMap((node) => node.ports?.map((port) => port.id)))
    expect(asked.edges?.length).toBe(graph.edges.length)
    for (const edge of asked.edges ?? []) {
      expect(ports).toContain(edge.sources[0])
      expect(ports).toContain(edge.targets[0])
    }
    const laid = {
      ...asked,
      children: asked.children?.map((node) => ({ ...node, x: 7.4, y: 13 })) ?? [],
    }
    expect(fromElk(graph, laid).positions.reserve).toEqual({ x: 7, y: 16 })
  })
})

/** Pairs of siblings that lie on each other. */
function overlaps({ boxes }: Arrangement): string[] {
  const found: string[] = []
  for (const a of flow.nodes) {
    for (const b of flow.nodes) {
      const [one, two] = [boxes.get(a.id), boxes.get(b.id)]
      if (a.id >= b.id || a.parent !== b.parent || !one || !two) continue
      const apart =
        one.x + one.width <= two.x ||
        two.x + two.width <= one.x ||
        one.y + one.height <= two.y ||
        two.y + two.height <= one.y
      if (!apart) found.push(`${a.id} ${b.id}`)
    }
  }
  return found
}
