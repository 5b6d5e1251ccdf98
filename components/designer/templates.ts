/** What a new saga may begin with. Each is a whole, valid definition in YAML; the name is put in by the caller. */

export interface Template {
  id: string
  title: string
  description: string
  source: (name: string, title: string) => string
}

const head = (name: string, title: string): string =>
  `kind: saga
format: 1
name: ${name}
title: ${JSON.stringify(title)}
`

export const TEMPLATES: readonly Template[] = [
  {
    id: 'empty',
    title: 'Empty',
    description: 'One end, and the rest is yours',
    source: (
      name,
      title,
    ) => `# Draw steps on the canvas or write them here: both are the same document.
${head(name, title)}
start: done
steps:
  done:
    type: end
    title: Done
`,
  },
  {
    id: 'pivot',
    title: 'Hold, commit, tell',
    description: 'A step that can be undone, a point of no return, and a tail that is retried',
    source: (name, title) => `${head(name, title)}
input:
  type: object
  required: [name]
  properties:
    name: { type: string, title: Company name }
    owner: { type: string, title: "Owner's e-mail", default: founders@example.com }

timeoutMs: 10000
start: reserveName
steps:
  # Until the pivot, everything can be undone.
  reserveName:
    type: action
    title: Reserve the name
    participant: company-registry
    operation: reserveName
    input:
      name: input.name
    effect: compensatable
    compensation:
      operation: releaseName
      input:
        # Missing when the reply was lost; the registry then finds it by the call it undoes.
        registrationId: output.registrationId
        name: input.name
    next: register

  # The point of no return: what follows must succeed.
  register:
    type: action
    title: Register the company
    participant: company-registry
    operation: register
    input:
      registrationId: steps.reserveName.registrationId
    effect: pivot
    next: tell

  # Retried until it succeeds.
  tell:
    type: action
    title: Tell the owner
    participant: notification
    operation: send
    input:
      to: '$exists(input.owner) ? input.owner : "founders@example.com"'
      template: '"registered"'
      data: '{ "name": input.name }'
    effect: retriable
    retry: { attemptsMax: 20 }
`,
  },
  {
    id: 'gate',
    title: 'Ask before spending',
    description: 'A choice by amount, and a Chairman gate where much is at stake',
    source: (name, title) => `${head(name, title)}
input:
  type: object
  required: [ventureId, amount]
  properties:
    ventureId: { type: string, title: Venture }
    amount: { type: number, title: Amount, exclusiveMinimum: 0 }

timeoutMs: 10000
start: reserve
steps:
  reserve:
    type: action
    title: Reserve the money
    participant: budget-ledger
    operation: reserve
    input:
      ventureId: input.ventureId
      amount: input.amount
    effect: compensatable
    compensation:
      operation: release
      input:
        # Missing when the reply was lost; the ledger then finds it by the call it undoes.
        reservationId: output.reservationId
        ventureId: input.ventureId
    next: isLarge

  isLarge:
    type: choice
    title: Is it much?
    branches:
      - label: from 100,000
        when: input.amount >= 100000
        next: ask
    otherwise: charge

  ask:
    type: approval
    title: Ask the Chairman
    question: Spend {input.amount} on {input.ventureId}?
    roles: [chairman]
    timeoutMs: 172800000 # two days
    onTimeout: ABORT
    next: charge

  charge:
    type: action
    title: Spend the money
    participant: budget-ledger
    operation: charge
    input:
      reservationId: steps.reserve.reservationId
    effect: compensatable
    compensation:
      operation: refund
      input:
        reservationId: steps.reserve.reservationId
`,
  },
  {
    id: 'parallel',
    title: 'Side by side',
    description: 'Two branches at once, both undone when one fails',
    source: (name, title) => `${head(name, title)}
input:
  type: object
  required: [ventureId, name]
  properties:
    ventureId: { type: string, title: Venture }
    name: { type: string, title: Company name }

timeoutMs: 10000
start: prepare
steps:
  prepare:
    type: parallel
    title: Prepare
    branches:
      legal:
        start: reserveName
        steps:
          reserveName:
            type: action
            title: Reserve the name
            participant: company-registry
            operation: reserveName
            input:
              name: input.name
            effect: compensatable
            compensation:
              operation: releaseName
              input:
                registrationId: output.registrationId
                name: input.name
      compliance:
        start: screen
        steps:
          screen:
            type: action
            title: Screen the venture
            participant: compliance
            operation: screen
            input:
              ventureId: input.ventureId
              name: input.name
            effect: readonly
    next: done

  done:
    type: end
    title: Done
`,
  },
]
