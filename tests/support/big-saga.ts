/** A saga of any size in which steps, brackets and choices take turns, as text. */
export function bigSaga(name: string, steps: number): string {
  const lines = ['kind: saga', `name: ${name}`, 'timeoutMs: 10000', 'start: s0', 'steps:']
  let made = 0
  const action = (id: string, indent: string, next?: string) => {
    made += 1
    const undo = made % 2 === 0 ? ', compensation: { operation: release }' : ''
    const effect = made % 2 === 0 ? 'compensatable' : 'readonly'
    const onward = next === undefined ? '' : `, next: ${next}`
    return `${indent}${id}: { type: action, participant: budget-ledger, operation: reserve, effect: ${effect}${undo}${onward} }`
  }
  for (let group = 0; made < steps - 1; group++) {
    const id = `s${group}`
    const next = `s${group + 1}`
    if (group % 8 === 4) {
      made += 1
      lines.push(`  ${id}:`, '    type: parallel', `    next: ${next}`, '    branches:')
      for (const branch of ['left', 'middle', 'right']) {
        const inner = `${id}_${branch}`
        lines.push(`      ${branch}:`, `        start: ${inner}_a`, '        steps:')
        lines.push(action(`${inner}_a`, '          ', `${inner}_b`))
        lines.push(action(`${inner}_b`, '          '))
      }
    } else if (group % 8 === 6) {
      made += 1
      lines.push(`  ${id}:`, '    type: choice', '    branches:')
      lines.push(`      - { label: aside, when: input.x > ${group}, next: ${id}_aside }`)
      lines.push(`    otherwise: ${next}`)
      lines.push(action(`${id}_aside`, '  ', next))
    } else lines.push(action(id, '  ', next))
    if (made >= steps - 1) lines.push(`  ${next}: { type: end }`)
  }
  return `${lines.join('\n')}\n`
}
