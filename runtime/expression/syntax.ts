/**
 * JSONata's syntax tree as we read it (its own types are looser and older than it), and a walk over all of it. What a
 * position means: for names, texts and variables the offset just after the token.
 */

export interface SyntaxNode {
  type: string
  value?: unknown
  position?: number
  name?: unknown
  steps?: SyntaxNode[]
  lhs?: SyntaxNode | [SyntaxNode, SyntaxNode][]
  rhs?: SyntaxNode
  expression?: SyntaxNode
  expressions?: SyntaxNode[]
  arguments?: SyntaxNode[]
  procedure?: SyntaxNode
  condition?: SyntaxNode
  then?: SyntaxNode
  else?: SyntaxNode
  body?: SyntaxNode
  pattern?: SyntaxNode
  update?: SyntaxNode
  delete?: SyntaxNode
  /** On nodes: filters behind them. On steps of a path they are called stages. */
  predicate?: Stage[]
  stages?: Stage[]
  /** Group-by behind a node. */
  group?: { lhs: [SyntaxNode, SyntaxNode][]; position?: number }
  terms?: { descending: boolean; expression: SyntaxNode }[]
  /** Variables bound by `@$name` and `#$name`. */
  focus?: string
  index?: string
  signature?: unknown
  keepSingletonArray?: boolean
}

interface Stage {
  type: 'filter' | 'index'
  expr?: SyntaxNode
  value?: string
}

/** Calls back for each node, parents first, with its depth. */
export function walkSyntax(
  root: SyntaxNode,
  visit: (node: SyntaxNode, depth: number) => void,
): void {
  const open: [SyntaxNode, number][] = [[root, 1]]
  for (let entry = open.pop(); entry; entry = open.pop()) {
    const [node, depth] = entry
    visit(node, depth)
    for (const child of childrenOf(node)) open.push([child, depth + 1])
  }
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const pairs = Array.isArray(node.lhs) ? node.lhs.flat() : node.lhs ? [node.lhs] : []
  const rest = [
    node.rhs,
    node.expression,
    node.procedure,
    node.condition,
    node.then,
    node.else,
    node.body,
    node.pattern,
    node.update,
    node.delete,
  ].filter((child) => child !== undefined)
  return [
    ...pairs,
    ...rest,
    ...(node.steps ?? []),
    ...(node.expressions ?? []),
    ...(node.arguments ?? []),
    ...stageExpressions(node.predicate),
    ...stageExpressions(node.stages),
    ...(node.group?.lhs.flat() ?? []),
    ...(node.terms ?? []).map((term) => term.expression),
  ]
}

function stageExpressions(stages: Stage[] | undefined): SyntaxNode[] {
  return (stages ?? []).flatMap((stage) => (stage.expr ? [stage.expr] : []))
}
