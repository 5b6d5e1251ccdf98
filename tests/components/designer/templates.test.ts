import { describe, expect, it } from 'vitest'
import { slugOf } from '@/components/designer/create-dialog'
import { TEMPLATES } from '@/components/designer/templates'
import { parseDefinition } from '@/runtime/definition/parse'
import { verify } from '@/runtime/verifier/verify'
import { demoParticipants } from '@/server/demo/participants'

const participants = demoParticipants('http://127.0.0.1:9')

describe('templates', () => {
  for (const template of TEMPLATES) {
    it(`“${template.title}” is a saga without errors or warnings`, () => {
      const { document, issues } = parseDefinition(template.source('my-saga', 'My "saga": yes'))
      expect(issues).toEqual([])
      if (!document) throw new Error('not read')
      expect(document).toMatchObject({ name: 'my-saga', title: 'My "saga": yes' })
      const found = verify(document, { participants, sagas: [] })
      expect(found.filter(({ severity }) => severity !== 'info')).toEqual([])
    })
  }

  it('names a saga after its title', () => {
    expect(slugOf('Launch a venture!')).toBe('launch-a-venture')
    expect(slugOf('  3. Überweisung  ')).toBe('uberweisung')
    expect(slugOf('')).toBe('')
  })
})
